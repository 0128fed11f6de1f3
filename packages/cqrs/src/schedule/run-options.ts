import { invalidArgument } from '@eventspine/core'

export interface DeliverContext {
  readonly id: string
  /** When it was due; milliseconds since the epoch. */
  readonly dueAtMs: number
  /** 1 for the first delivery. */
  readonly attempt: number
  /** Aborted when another run may deliver the message, when it was cancelled, and when this run must end at once. */
  readonly signal: AbortSignal
}

/** Something an operator may want to know. */
export type ScheduleNotice =
  /** A delivery threw; its message is tried again after `retryInMs`, here or elsewhere. */
  | {
      readonly kind: 'retry'
      readonly id: string
      readonly attempt: number
      readonly error: unknown
      readonly retryInMs: number
    }
  /** Another run may deliver the message too, or it was cancelled while this one did. */
  | { readonly kind: 'lease-lost'; readonly id: string; readonly error: unknown }
  | { readonly kind: 'backend-error'; readonly error: unknown; readonly retryInMs: number }
  /** The run ended by itself. */
  | { readonly kind: 'ended'; readonly error: unknown }

export interface ScheduleRunOptions<Message> {
  /**
   * What becomes of a due message. It is called at least once for each; when it throws, again later. Give its
   * effects the message's id, so that a repeat has none.
   */
  readonly deliver: (message: Message, context: DeliverContext) => void | Promise<void>
  /** Messages delivered at once. Default 8. */
  readonly concurrency?: number | undefined
  /** Milliseconds between looks for what others have added. Default 500. */
  readonly pollMs?: number | undefined
  /** Milliseconds after which a silent run's message is delivered by another. Default 10,000. */
  readonly leaseMs?: number | undefined
  /** Before a failed delivery is tried again, for ever. Delays double, half at random. Default 1,000 and 300,000. */
  readonly retry?:
    | { readonly initialDelayMs?: number | undefined; readonly maxDelayMs?: number | undefined }
    | undefined
  /** Must not throw. Default: a process warning when the run ends by itself. */
  readonly onNotice?: ((notice: ScheduleNotice) => void) | undefined
}

export interface ResolvedRunOptions<Message> extends Required<ScheduleRunOptions<Message>> {
  readonly concurrency: number
  readonly pollMs: number
  readonly leaseMs: number
  readonly retry: { readonly initialDelayMs: number; readonly maxDelayMs: number }
  readonly onNotice: (notice: ScheduleNotice) => void
  /** How long it stays known that an id was used; `undefined`: for ever. */
  readonly keepMs: number | undefined
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option. */
export function resolveRunOptions<Message>(
  options: ScheduleRunOptions<Message>,
  keepMs: number | undefined,
): ResolvedRunOptions<Message> {
  const { deliver, concurrency = 8, pollMs = 500, leaseMs = 10_000, retry = {}, onNotice = warn } = options
  const { initialDelayMs = 1000, maxDelayMs = 300_000 } = retry
  if (typeof deliver !== 'function') throw invalidArgument('deliver', 'must be a function')
  checkCount(concurrency, 'concurrency', 1)
  checkCount(pollMs, 'pollMs', 1)
  checkCount(leaseMs, 'leaseMs', 100)
  checkCount(initialDelayMs, 'retry.initialDelayMs', 0)
  checkCount(maxDelayMs, 'retry.maxDelayMs', 0)
  return { deliver, concurrency, pollMs, leaseMs, retry: { initialDelayMs, maxDelayMs }, onNotice, keepMs }
}

function checkCount(value: unknown, field: string, minimum: number): void {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum || value >= 2 ** 31) {
    throw invalidArgument(field, `must be an integer of at least ${minimum}, got ${String(value)}`)
  }
}

function warn(notice: ScheduleNotice): void {
  if (notice.kind === 'ended')
    process.emitWarning('a schedule ended by itself', { detail: String(notice.error) })
}
