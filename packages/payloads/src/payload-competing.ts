import type {
  CompetingAdapter,
  CompetingDelivery,
  CompetingMemberAdapter,
  StoredEvent,
} from '@eventspine/core'
import { loadPage } from './load-page.ts'
import type { PayloadLoader } from './load-payloads.ts'
import type { EventShape } from './options.ts'

type Load = ((event: EventShape) => boolean) | undefined

/** Groups without order, whose members get events with their payloads. */
export function payloadCompeting(
  target: CompetingAdapter,
  loader: PayloadLoader,
  load: Load,
): CompetingAdapter {
  return {
    doJoin: async (request) => withPayloads(await target.doJoin(request), loader, load),
    doState: (address) => target.doState(address),
    doParked: (address) => target.doParked(address),
    doUnpark: (address, sequence, again) => target.doUnpark(address, sequence, again),
  }
}

function withPayloads(
  member: CompetingMemberAdapter,
  loader: PayloadLoader,
  load: Load,
): CompetingMemberAdapter {
  return {
    doTake: async (request) => {
      const deliveries = await member.doTake(request)
      try {
        return await loaded(deliveries, loader, load)
      } catch (error) {
        // Nobody will handle these now: others need not wait until this member counts as silent.
        await member.doRelease(deliveries.map(({ event: { sequence }, tries }) => ({ sequence, tries })))
        throw error
      }
    },
    doExtend: (inHand) => member.doExtend(inHand),
    doFinish: (sequences) => member.doFinish(sequences),
    doPark: (failure, maxParked) => member.doPark(failure, maxParked),
    doRelease: (inHand) => member.doRelease(inHand),
    doLeave: () => member.doLeave(),
  }
}

async function loaded(
  deliveries: readonly CompetingDelivery[],
  loader: PayloadLoader,
  load: Load,
): Promise<readonly CompetingDelivery[]> {
  const taken = deliveries.map(({ event }) => event)
  const { events } = await loadPage<{ readonly events: readonly StoredEvent[] }>({
    loader,
    // What was taken is in hand, and has to be delivered whole.
    maxPageBytes: Infinity,
    read: async () => ({ events: taken }),
    cut: (page) => page,
    load: load === undefined ? undefined : ({ type, streamId }) => load({ type, streamId }),
  })
  return deliveries.map((delivery, index) => ({ ...delivery, event: events[index] ?? delivery.event }))
}
