import type { ContractShape, EventDefinitions, NewEvent, NewEventOf } from '@eventspine/core'
import type { Decider } from '../decider.ts'
import type { ProcessManager } from '../process/process-manager.ts'
import type { Receivers } from '../process/reaction.ts'
import type { ProjectedContract, Projection } from '../projection.ts'
import { type DeciderGiven, DeciderSpecification, type OlderEvent } from './decider-specification.ts'
import type { StreamEvents } from './history.ts'
import { type Happening, type ProcessGiven, ProcessSpecification } from './process-specification.ts'
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
/**
 * Begins the specification of a process manager by what has happened to one of its processes:
 *
 * ```ts
 * await given(transfers, on(transfer.stream('1'), requested))
 *   .when(refused({ to: 'account', stream: 'a', command: withdraw }, 'ACCOUNT_CLOSED'))
 *   .then({ commands: [{ to: 'transfer', stream: 'transfer:1', command: fail }], end: true })
 * ```
 *
 * An event whose type has no key is taken for one that a command of the process led to.
 */
export function given<State, Contract extends ProjectedContract, To extends Receivers>(
  process: ProcessManager<State, Contract, To>,
  ...history: readonly Happening<To>[]
): ProcessGiven<State, To>
export function given(
  subject: Decider<unknown, unknown> | Projection<unknown> | ProcessManager<unknown>,
  ...history: readonly (NewEvent | Happening)[]
): unknown {
  // Sound: the overloads pair a subject with its history.
  if ('decide' in subject) return new DeciderSpecification(subject, history as readonly NewEvent[])
  return 'reactionTo' in subject
    ? new ProcessSpecification(subject, history as readonly Happening[])
    : new ProjectionSpecification(subject, history as readonly StreamEvents[])
}
