import { waitUntil } from '@eventspine/servers'
import type { HandledNumber } from '../contender.ts'
import { fail, notOffered, pass, PATIENCE_MS, type Trial, withStore } from '../trial.ts'

const EVENTS_EACH = 5
const POISONED = 'cart:poisoned'
const OTHERS = ['cart:healthy', 'cart:sound']
const POISON = 2

/** One event that cannot be handled must neither stop the rest nor get lost. */
export const poisonMessage: Trial = {
  id: 'poison-message',
  question: 'While one event fails, do other streams go on; and after the repair, is it handled, in order?',
  run: (context) =>
    withStore(context, async (store) => {
      if (store.consume === undefined) return notOffered('it has no consumers of what is stored')
      let broken = true
      let tries = 0
      const handled: HandledNumber[] = []
      const consumer = await store.consume('poisoned', async (event) => {
        if (broken && event.streamId === POISONED && event.number === POISON) {
          tries++
          throw new Error('the poison works')
        }
        handled.push(event)
      })
      try {
        for (let number = 1; number <= EVENTS_EACH; number++) {
          for (const streamId of [POISONED, ...OTHERS]) await store.append(streamId, number - 1, [number])
        }
        const failed = await waitUntil(() => tries > 0, { deadlineMs: PATIENCE_MS })
        if (failed === undefined) return fail('the consumer never got to the event that fails')
        const wentOn = await waitUntil(() => OTHERS.every((streamId) => isWhole(handled, streamId)), {
          deadlineMs: PATIENCE_MS,
        })
        broken = false
        await consumer.resume()
        await waitUntil(() => isWhole(handled, POISONED), { deadlineMs: PATIENCE_MS })
        const order = firsts(handled, POISONED).join()
        const repaired = isWhole(handled, POISONED)
          ? 'after the repair its stream was handled in order'
          : `after the repair its stream was handled as ${order}, of 1 to ${EVENTS_EACH}`
        const others = wentOn === undefined ? 'the other streams waited' : 'the other streams went on'
        const evidence = `${others}; ${repaired}`
        return wentOn !== undefined && isWhole(handled, POISONED) ? pass(evidence) : fail(evidence)
      } finally {
        await consumer.close()
      }
    }),
}

function isWhole(handled: readonly HandledNumber[], streamId: string): boolean {
  const wanted = Array.from({ length: EVENTS_EACH }, (_, index) => index + 1)
  return firsts(handled, streamId).join() === wanted.join()
}

/** The order in which events were first handled: one that is handled again is at least once, and no fault. */
function firsts(handled: readonly HandledNumber[], streamId: string): readonly number[] {
  return [...new Set(handled.filter((event) => event.streamId === streamId).map(({ number }) => number))]
}
