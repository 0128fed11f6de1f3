import { randomUUID } from 'node:crypto'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import type { Scenario } from '../target.ts'
import { orderData, orderEvent, orderMetadata } from '../workload/order-event.ts'
import { encodeEvent, encodeJson, eventCheck, uuidv7 } from './internals.ts'

/** Runs of a piece of work in one operation, so that taking the time costs next to nothing. */
const REPEATS = 1000

/** See its question. */
export const encodeScenario: Scenario = {
  name: 'encode',
  question: 'What does it cost to check and encode one event, beyond writing its JSON?',
  async run(context) {
    await context.compare({
      title: 'data and metadata to JSON text',
      concurrency: 1,
      base: 'JSON.stringify',
      candidates: [
        repeating('JSON.stringify', (number) => {
          const data = JSON.stringify(orderData(number))
          return data.length + JSON.stringify(orderMetadata(number)).length
        }),
        repeating('encodeJson: checked too', (number) => {
          const data = encodeJson(orderData(number), 'data')
          return data.length + encodeJson(orderMetadata(number), 'metadata').length
        }),
        repeating('encodeEvent: the whole event', (number) => {
          const { data, metadata, id } = encodeEvent(orderEvent(number), 'events[0]')
          return data.length + metadata.length + id.length
        }),
      ],
    })
    const id = randomUUID()
    await context.compare({
      title: 'an id, and the check of it in a position',
      concurrency: 1,
      base: 'randomUUID of node',
      candidates: [
        repeating('randomUUID of node', () => randomUUID().length),
        repeating('uuidv7', () => uuidv7().length),
        repeating('check of an id', () => eventCheck(id).length),
      ],
    })
  },
}

/** A candidate of pure work; what it returns is added up, so that no compiler finds it useless. */
export function repeating(name: string, work: (number: number) => number): Candidate {
  return {
    name,
    async open() {
      let sum = 0
      let number = 0
      return localSession({
        operate() {
          for (let repeat = 0; repeat < REPEATS; repeat++) sum += work(number++)
          return REPEATS
        },
        check() {
          if (sum === 0) throw new Error(`${name} made nothing`)
        },
      })
    },
  }
}
