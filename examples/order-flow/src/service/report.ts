import type { Sales } from '../order/sales.ts'

/** The processes of the flow. */
export const serviceNames = ['order-service', 'relay', 'shipping', 'dashboard'] as const

export type ServiceName = (typeof serviceNames)[number]

/** What a service tells whoever started it, over the channel between the two. */
export type ServiceReport =
  | { readonly kind: 'ready' }
  /** What this process has done so far: `served 12`. */
  | { readonly kind: 'progress'; readonly text: string }
  | DashboardReport

/** The read model as the dashboard found it in its documents. */
export interface DashboardReport {
  readonly kind: 'dashboard'
  readonly sales: Sales
  /** The latest events, oldest first. */
  readonly latest: readonly string[]
}
