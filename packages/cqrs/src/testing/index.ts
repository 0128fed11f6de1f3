export type { DeciderGiven, DeciderOutcome, OlderEvent } from './decider-specification.ts'
export { FakeClock } from './fake-clock.ts'
export { given } from './given.ts'
export { on, type StreamEvents } from './history.ts'
export {
  refused,
  timeout,
  type Happening,
  type ProcessGiven,
  type ProcessOutcome,
} from './process-specification.ts'
export type { ProjectionGiven, ProjectionOutcome } from './projection-specification.ts'
