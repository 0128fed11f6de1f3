import { checkInteger } from '../arguments.ts'
import { notSupported } from '../error.ts'
import type { RecordedEvent } from '../event.ts'
import { REFUSING_DOCUMENTS } from './handler-call.ts'
import type { Handler } from './subscription.ts'

export interface DeduplicationOptions {
  /** The latest events of each partition whose ids are remembered. Default 10,000. */
  readonly windowEvents?: number | undefined
}

const HANDLED = Promise.resolve()

/**
 * A handler that passes over an event whose id it has handled with success among the latest of its partition:
 * what a repeated publish or a relay without transactions writes twice, and what a group is given again.
 *
 * The ids are in this process's memory: a duplicate that comes after a restart, or to another owner of the
 * partition, is handled again. An event that failed is not remembered.
 *
 * @throws {@link EventStoreError} `NOT_SUPPORTED`, when called with `effects` other than `at-least-once`: those are
 *   undone and done again together with their checkpoint, and a memory beside it would lose them.
 */
export function deduplicated<Native = unknown, Event extends RecordedEvent = RecordedEvent>(
  handler: Handler<Native, Event>,
  options: DeduplicationOptions = {},
): Handler<Native, Event> {
  const { windowEvents = 10_000 } = options
  checkInteger(windowEvents, 'windowEvents', 1, 10_000_000)
  const windows = new Map<number, Map<string, Promise<void>>>()
  return async (event, context) => {
    if (context.documents !== REFUSING_DOCUMENTS)
      throw notSupported("deduplicated() needs effects: 'at-least-once'")
    const { partition } = context
    const window = windows.get(partition) ?? new Map<string, Promise<void>>()
    windows.set(partition, window)
    const { id } = event
    const before = window.get(id)
    // Where events compete, one may be handed out again while it is being handled.
    if (before !== undefined) return before
    const handling = (async () => handler(event, context))()
    window.set(id, handling)
    try {
      await handling
      window.set(id, HANDLED)
    } catch (error) {
      window.delete(id)
      throw error
    }
    for (const oldest of window.keys()) {
      if (window.size <= windowEvents) break
      window.delete(oldest)
    }
  }
}
