import type { Capabilities } from '@eventspine/core'

/**
 * Who owns a partition is decided by core's own leases in checkpoint documents. Otherwise the backend's groups
 * decide, and keep what no case can look into.
 */
export function ownedByLeases({ stream, groups }: Capabilities): boolean {
  return stream !== 'none' && groups === 'leases'
}
