import type { Scenario } from '../target.ts'
import {
  bareCandidate,
  encodedBefore,
  forgetfulPlace,
  memoryPlace,
  storeCandidate,
} from './memory-appenders.ts'

const workloads = [
  { events: 1, inFlight: 1 },
  { events: 1, inFlight: 64 },
  { events: 10, inFlight: 16 },
  { events: 100, inFlight: 16 },
] as const

/** See its question. */
export const appendScenario: Scenario = {
  name: 'append',
  question: 'What do the wrapper and its lanes cost over the bare memory adapter?',
  async run(context) {
    for (const { events, inFlight } of workloads) {
      await context.compare({
        title: `memory: ${workloadText(events, inFlight)}`,
        concurrency: inFlight,
        base: 'bare adapter',
        candidates: [
          bareCandidate('bare adapter', events, memoryPlace),
          bareCandidate('bare adapter, encoded before', events, memoryPlace, encodedBefore),
          storeCandidate('store', events, memoryPlace),
        ],
      })
    }
  },
}

/** See its question. */
export const wrapperScenario: Scenario = {
  name: 'wrapper',
  question: 'What do they cost over an adapter that stores nothing, where nothing else is in the way?',
  async run(context) {
    for (const { events, inFlight } of workloads) {
      await context.compare({
        title: `nothing stored: ${workloadText(events, inFlight)}`,
        concurrency: inFlight,
        base: 'bare adapter',
        candidates: [
          bareCandidate('bare adapter', events, forgetfulPlace),
          storeCandidate('store', events, forgetfulPlace),
        ],
      })
    }
  },
}

function workloadText(events: number, inFlight: number): string {
  return `append ${events} ${events === 1 ? 'event' : 'events'}, ${inFlight} in flight`
}
