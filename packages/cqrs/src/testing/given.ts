import type { ContractShape, EventDefinitions, NewEvent, NewEventOf } from '@eventspine/core'
import type { Decider } from '../decider.ts'
import type { Projection } from '../projection.ts'
import { type DeciderGiven, DeciderSpecification, type OlderEvent } from './decider-specification.ts'
import type { StreamEvents } from './history.ts'
import { type ProjectionGiven, ProjectionSpecification } from './projection-specification.ts'

/**
 * Begins the specification of a decider by the events that its aggregate has seen:
 *
 * ```ts
 * await given(accountDecider, account.event('Deposited', { cents: 500 }))
 *   .when({ type: 'Withdraw', cents: 700 })
 *   .thenRefused('INSUFFICIENT_FUNDS')
 * ```
 *
 * Pure: no store, no clock. An event with an older `schemaVersion`, or of a legacy type, is brought up as on every
 * reading.
 */
export function given<State, Command, Category extends string, Definitions extends EventDefinitions>(
  decider: Decider<State, Command, Category, Definitions>,
  ...events: readonly (NewEventOf<ContractShape<Category, Definitions>> | OlderEvent)[]
): DeciderGiven<State, Command, Category, Definitions>
/**
 * Begins the specification of a projection by what it has seen, stream by stream:
 *
 * ```ts
 * await given(balances)
 *   .when(on(account.stream('42'), account.event('Deposited', { cents: 500 })))
 *   .then({ 'account:42': 500 })
 * ```
 */
export function given<State, Contract extends ContractShape>(
  projection: Projection<State, Contract>,
  ...history: readonly StreamEvents[]
): ProjectionGiven<State>
export function given(
  subject: Decider<unknown, unknown> | Projection<unknown>,
  ...history: readonly (NewEvent | StreamEvents)[]
): unknown {
  // Sound: the overloads pair a subject with its history.
  return 'decide' in subject
    ? new DeciderSpecification(subject, history as readonly NewEvent[])
    : new ProjectionSpecification(subject, history as readonly StreamEvents[])
}
