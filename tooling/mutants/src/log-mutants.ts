import { EventStoreError, type Commit, type StoredEvent } from '@eventspine/core'
import { changingLog, changingPages } from './changing-log.ts'
import { turn } from './changing.ts'
import type { Mutant } from './mutant.ts'

/** Broken logs. */
export const logMutants: readonly Mutant[] = [
  {
    law: 'S1',
    id: 'S1/log-acknowledged-only',
    base: 'log',
    breaks: 'acknowledges what its log does not keep',
    killedBy: ['publish/delivered', 'log/odd-bodies'],
    create: () =>
      changingLog(() => ({
        doPublish: async (commits) => commits.map((commit) => acknowledged(commit)),
      })),
  },
  {
    law: 'S1',
    id: 'S1/log-bytes-as-text',
    base: 'log',
    breaks: 'delivers bytes as the text that they are kept as',
    killedBy: ['log/odd-bodies'],
    create: () => changingEvents((event) => ({ ...event, codec: 0 })),
  },
  {
    law: 'S2',
    id: 'S2/log-batch-reversed',
    base: 'log',
    breaks: 'places the calls of a batch from the last to the first',
    killedBy: ['publish/order-of-calls', 'log/order-among-failures'],
    create: () =>
      changingLog((log) => ({
        doPublish: async (commits) => (await log.doPublish(commits.toReversed())).toReversed(),
      })),
  },
  {
    law: 'S3',
    id: 'S3/log-sends-again',
    base: 'log',
    breaks: 'sends a batch twice more by itself when its reply is lost',
    killedBy: ['log/repeats-in-order', 'publish/lost-reply'],
    create: () =>
      changingLog((log) => ({
        doPublish: async (commits) => {
          try {
            return await log.doPublish(commits)
          } catch (error) {
            await log.doPublish(commits)
            await log.doPublish(commits)
            throw error
          }
        },
      })),
  },
  {
    law: 'S4',
    id: 'S4/log-half-placed',
    base: 'log',
    breaks: 'places of a call only the events of its first key',
    killedBy: ['log/odd-bodies'],
    create: () =>
      changingLog((log) => ({
        doPublish: async (commits) => {
          const outcomes = await log.doPublish(
            commits.map((commit) => ({ ...commit, appends: commit.appends.slice(0, 1) })),
          )
          return commits.map(({ appends }, index) => {
            const outcome = outcomes[index]
            if (outcome?.ok !== true) throw new Error('memory places everything')
            const [first] = outcome.streams
            return { ...outcome, streams: appends.flatMap(() => first ?? []) }
          })
        },
      })),
  },
  {
    law: 'S4',
    id: 'S4/log-limit-too-high',
    base: 'log',
    breaks: 'takes less in one call than it declares',
    killedBy: ['log/over-the-limit'],
    create: () =>
      changingLog((log) => ({
        doPublish: async (commits) => {
          const sizes = commits.map(({ appends }) =>
            appends.flatMap(({ events }) => events).reduce((bytes, { data }) => bytes + data.length, 0),
          )
          if (sizes.some((bytes) => bytes > 4_000_000))
            throw new EventStoreError('BACKEND_FAILED', 'the call is larger than the log takes')
          return log.doPublish(commits)
        },
      })),
  },
  {
    law: 'F2',
    id: 'F2/log-two-orders',
    base: 'log',
    breaks: 'gives every second page in another order',
    killedBy: ['log/many-readers'],
    create: () => {
      let pages = 0
      return changingPages((page) => {
        if (++pages % 2 === 0 || page.events.length < 2) return page
        const places = page.events.map(({ sequence }) => sequence)
        const events = page.events
          .toReversed()
          .map((event, index) => ({ ...event, sequence: places[index] ?? 0 }))
        return { ...page, events }
      })
    },
  },
  {
    law: 'F3',
    id: 'F3/log-appears-late',
    base: 'log',
    breaks: 'shows one event of five only to those who read it again later',
    killedBy: ['log/many-readers'],
    create: () => {
      const shown = new Set<string>()
      return changingPages((page) => {
        const events = page.events.filter(({ id, sequence }) => {
          const visible = sequence % 5 !== 0 || shown.has(id)
          shown.add(id)
          return visible
        })
        return { ...page, events }
      })
    },
  },
  {
    law: 'F4',
    id: 'F4/log-doubles',
    base: 'log',
    breaks: 'places the first call of every fifth batch twice',
    killedBy: ['log/many-readers', 'log/repeats-in-order'],
    create: () => {
      let batches = 0
      return changingLog((log) => ({
        doPublish: async (commits) => {
          if (++batches % 5 === 0) await log.doPublish(commits.slice(0, 1))
          return log.doPublish(commits)
        },
      }))
    },
  },
  {
    law: 'F5',
    id: 'F5/log-from-the-event',
    base: 'log',
    breaks: 'gives the event again that a reader resumes behind',
    killedBy: ['log/resume-anywhere', 'consume/start-from'],
    create: () =>
      changingLog((log) => ({
        doReadFeed: async (request) => {
          if (request.after === 0) return log.doReadFeed(request)
          const { anchorId } = await log.doReadFeed(request)
          const page = await log.doReadFeed({ ...request, after: request.after - 1 })
          await turn()
          return { ...page, anchorId }
        },
      })),
  },
  {
    law: 'F6',
    id: 'F6/log-first-token',
    base: 'log',
    breaks: 'returns the place of the first event of a call',
    killedBy: ['log/resume-anywhere'],
    create: () =>
      changingLog((log) => ({
        doPublish: async (commits) => {
          const outcomes = await log.doPublish(commits)
          return outcomes.map((outcome) => {
            const [first] = outcome.ok ? outcome.streams : []
            if (!outcome.ok || first === undefined) return outcome
            return { ...outcome, streams: outcome.streams.map(() => first) }
          })
        },
      })),
  },
  {
    law: 'F8',
    id: 'F8/log-unanchored',
    base: 'log',
    breaks: 'does not look at what stands where a reader resumes',
    killedBy: ['log/foreign-positions', 'consume/diverged-checkpoint'],
    create: () => changingPages((page, { after }) => ({ ...page, firstKept: after + 1 })),
  },
  {
    law: 'F9',
    id: 'F9/log-silent',
    base: 'log',
    breaks: 'goes on in silence behind what was trimmed',
    killedBy: ['log/trimmed-behind', 'log/trimmed-token'],
    create: () =>
      changingPages((page, { after }) => ({ ...page, firstKept: Math.min(page.firstKept, after + 1) })),
  },
  {
    law: 'F9',
    id: 'F9/log-trims-what-groups-need',
    base: 'log',
    breaks: 'trims what a group has not handled',
    killedBy: ['log/trim-spares-groups', 'log/trim-spares-competitors'],
    create: () => ({ trims: 'what-groups-need' }),
  },
  {
    law: 'F9',
    id: 'F9/log-never-trims',
    base: 'log',
    breaks: 'keeps what every group has handled',
    killedBy: ['log/trim-spares-groups'],
    create: () => ({ trims: 'nothing' }),
  },
]

function acknowledged({ appends }: Commit) {
  return { ok: true, streams: appends.map(() => ({ version: 1, sequence: 1 })), revisions: [] } as const
}

function changingEvents(change: (event: StoredEvent) => StoredEvent) {
  return changingPages((page) => ({ ...page, events: page.events.map(change) }))
}
