import type {
  BackendAdapter,
  EventLogAdapter,
  FeedPage,
  FeedPageRequest,
  RelaySessionAdapter,
  RelayTargetAdapter,
  RelayRequest,
} from '@eventspine/core'
import type { Breakage } from './mutant.ts'
import { overriding } from './overriding.ts'

/** Breakage that replaces calls of the adapter's log. */
export function changingLog(
  change: (log: EventLogAdapter, adapter: BackendAdapter<undefined>) => Partial<EventLogAdapter>,
): Breakage {
  return {
    adapter: (adapter) => {
      const { log } = adapter
      if (log === undefined) throw new Error('the adapter has no log')
      return { ...adapter, log: { ...log, ...change(log, adapter) } }
    },
  }
}

/** Breakage of the pages that a log is read by. */
export function changingPages(change: (page: FeedPage, request: FeedPageRequest) => FeedPage): Breakage {
  return changingLog((log) => ({
    doReadFeed: async (request) => change(await log.doReadFeed(request), request),
  }))
}

function relayOf({ relay }: EventLogAdapter): RelayTargetAdapter {
  if (relay === undefined) throw new Error('the log is no target of relays')
  return relay
}

/** Breakage of how sessions are opened. */
export function changingTarget(
  change: (open: RelayTargetAdapter['doOpenRelay'], request: RelayRequest) => Promise<RelaySessionAdapter>,
): Breakage {
  return changingLog((log) => {
    const target = relayOf(log)
    return { relay: { doOpenRelay: (request) => change((given) => target.doOpenRelay(given), request) } }
  })
}

/** Breakage of what sessions do. */
export function changingSessions(
  change: (
    session: RelaySessionAdapter,
    open: () => Promise<RelaySessionAdapter>,
  ) => Partial<RelaySessionAdapter>,
): Breakage {
  return changingTarget(async (open, request) => {
    const session = await open(request)
    return overriding(
      session,
      change(session, () => open(request)),
    )
  })
}
