import type { CompetingAdapter, CompetingMemberAdapter, EventLogAdapter } from '@eventspine/core'
import { changingLog } from './changing-log.ts'
import type { Breakage, Mutant } from './mutant.ts'
import { overriding } from './overriding.ts'

/** Broken groups without order. */
export const competeMutants: readonly Mutant[] = [
  {
    law: 'C1',
    id: 'C1/compete-done-too-early',
    base: 'log',
    breaks: 'counts events as done when they are handed out',
    killedBy: ['compete/shared-by-event', 'compete/stop-gives-back'],
    create: () =>
      changingMembers((member) => ({
        doTake: async (request) => {
          const taken = await member.doTake(request)
          await member.doFinish(taken.map(({ event }) => event.sequence))
          // The last of them is lost on the way, as in a process that ends.
          return taken.slice(0, Math.max(1, taken.length - 1))
        },
      })),
  },
  {
    law: 'C1',
    id: 'C1/compete-all-get-all',
    base: 'log',
    breaks: 'gives every member every event',
    killedBy: ['compete/shared-by-event'],
    create: () =>
      changingCompeting((competing) => ({
        doJoin: (request) => competing.doJoin({ ...request, group: `${request.group}/${request.member}` }),
      })),
  },
  {
    law: 'C6',
    id: 'C6/compete-unlisted',
    base: 'log',
    breaks: 'drops failing events instead of parking them',
    killedBy: ['compete/retry-and-park'],
    create: () =>
      changingMembers((member) => ({
        doPark: async ({ sequence }) => {
          await member.doFinish([sequence])
          return 'parked'
        },
      })),
  },
  {
    law: 'C6',
    id: 'C6/compete-parks-without-end',
    base: 'log',
    breaks: 'parks more events than are allowed',
    killedBy: ['compete/policies'],
    create: () => changingMembers((member) => ({ doPark: (failure) => member.doPark(failure, Infinity) })),
  },
  {
    law: 'C7',
    id: 'C7/compete-keeps',
    base: 'log',
    breaks: 'keeps after stop what it has not handled, until its lease runs out',
    killedBy: ['compete/stop-gives-back'],
    create: () =>
      changingMembers(() => ({ doRelease: async () => undefined, doLeave: async () => undefined })),
  },
  {
    law: 'C10',
    id: 'C10/compete-taken-away',
    base: 'log',
    breaks: 'hands out again what a slow handler says that it still has',
    killedBy: ['compete/slow-handlers'],
    create: () => changingMembers(() => ({ doExtend: async () => [] })),
  },
  {
    law: 'C8',
    id: 'C8/compete-unparked-lag',
    base: 'log',
    breaks: 'tells nobody how many events are parked',
    killedBy: ['compete/retry-and-park'],
    create: () =>
      changingCompeting((competing) => ({
        doState: async (address) => {
          const state = await competing.doState(address)
          return state === undefined ? undefined : { ...state, parked: 0 }
        },
      })),
  },
]

function competingOf({ competing }: EventLogAdapter): CompetingAdapter {
  if (competing === undefined) throw new Error('the log has no groups without order')
  return competing
}

function changingCompeting(change: (competing: CompetingAdapter) => Partial<CompetingAdapter>): Breakage {
  return changingLog((log) => {
    const competing = competingOf(log)
    return { competing: overriding(competing, change(competing)) }
  })
}

function changingMembers(
  change: (member: CompetingMemberAdapter) => Partial<CompetingMemberAdapter>,
): Breakage {
  return changingCompeting((competing) => ({
    doJoin: async (request) => {
      const member = await competing.doJoin(request)
      return overriding(member, change(member))
    },
  }))
}
