import {
  type EventDefinitions,
  type EventMetadata,
  EventStoreError,
  type EventStore,
  type ExpectedVersion,
  invalidArgument,
  type StreamId,
  type Token,
  VersionConflictError,
} from '@eventspine/core'
import { v7 } from 'uuid'
import { appendUntilDecided, isDecision } from './append-until-decided.ts'
import { checkCommandId } from './command-id.ts'
import type { CommittedEventOf } from './committed-event.ts'
import type { Decider } from './decider.ts'
import { Handling } from './handling.ts'
import type { InlineProjections } from './inline-projections.ts'
import type { Snapshots } from './snapshots.ts'
import { checkRetryOptions, RetryBudget, type RetryNotice, type RetryOptions } from './retry-budget.ts'

export interface CommandHandlerOptions<State = never> extends RetryOptions {
  /** Read models that are written in the commit of the events: `inlineProjections(backend, [balances])`. */
  readonly inline?: InlineProjections | undefined
  /** Where states of long streams are kept, so that only what came after has to be read. */
  readonly snapshots?: Snapshots<State> | undefined
  /** Told before each further try. Must not throw. */
  readonly onRetry?: ((notice: RetryNotice) => void) | undefined
}

export interface HandleOptions {
  /**
   * Names the command: handled again under the same id, on the same stream, it has no second effect and gives
   * the first result. At most 255 bytes, any text. Default: a new UUIDv7.
   */
  readonly id?: string | undefined
  /**
   * Of all events of the command. `correlationId` is the command's id unless given; `causationId` is always
   * the command's id.
   */
  readonly metadata?: EventMetadata | undefined
  /** What the stream must be at, as the sender of the command saw it. Default `any`. */
  readonly expectedVersion?: ExpectedVersion | undefined
  readonly signal?: AbortSignal | undefined
}

export interface CommandResult<State, Category extends string, Definitions extends EventDefinitions> {
  /** To wait for in read models: `caughtUpTo(token)`. */
  readonly token: Token
  /** The stream's version after the command. */
  readonly version: number
  /** What the command led to; empty when there was nothing to do. */
  readonly events: readonly CommittedEventOf<Category, Definitions>[]
  /** The stream's state after the command. */
  readonly state: State
  /** The command had been handled before: this is the first result, nothing was written. */
  readonly repeated: boolean
}

/**
 * Handles a command on one stream: loads its state, decides, appends at the exact version that was decided
 * on, and begins anew when another writer was faster.
 *
 * The command happens once: events have ids derived from the command's, a lost reply is settled by
 * repeating the append, and a stream that holds the command's events already gives the first result, also
 * when others have appended since. A command that led to no event left no trace: repeated, it is decided
 * on the state as it is then.
 *
 * @param stream - the id within the category, or the whole stream id.
 * @throws a {@link DomainError} (or whatever `decide` throws): the command is refused, nothing was written.
 * @throws {@link VersionConflictError} others were faster each time, or the stream is not at
 *   `expectedVersion`; nothing was written.
 * @throws {@link EventStoreError} as of an append; where `outcome` is `unknown`, handling the command again
 *   under the same id decides it.
 */
export type CommandHandler<State, Command, Category extends string, Definitions extends EventDefinitions> = (
  stream: StreamId<Category>,
  command: Command,
  options?: HandleOptions,
) => Promise<CommandResult<State, Category, Definitions>>

/** The {@link CommandHandler} of a decider: `CommandHandlerOf<typeof accountDecider>`. */
export type CommandHandlerOf<Definition> =
  Definition extends Decider<infer State, infer Command, infer Category, infer Definitions>
    ? CommandHandler<State, Command, Category, Definitions>
    : never

/**
 * Makes the handler of a decider's commands over a store.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option.
 */
export function commandHandler<State, Command, Category extends string, Definitions extends EventDefinitions>(
  store: Pick<EventStore, 'append' | 'read' | 'head'>,
  decider: Decider<State, Command, Category, Definitions>,
  options: CommandHandlerOptions<NoInfer<State>> = {},
): CommandHandler<State, Command, Category, Definitions> {
  const retry = checkRetryOptions(options)
  const { inline, snapshots } = options
  return async (stream, command, { id = v7(), metadata = {}, expectedVersion = 'any', signal } = {}) => {
    checkCommandId(id)
    checkMetadata(metadata)
    const streamId = decider.events.stream(stream)
    const budget = new RetryBudget(retry, signal, (attempt, error, delayMs) =>
      options.onRetry?.({ streamId, commandId: id, attempt, error, delayMs }),
    )
    const handling = new Handling(store, decider, {
      streamId,
      commandId: id,
      metadata,
      signal,
      snapshots,
    })
    for (;;) {
      const { state, version, position, first } = await handling.load()
      if (first !== undefined) return { token: position ?? '', version, events: first, state, repeated: true }
      checkVersion(streamId, expectedVersion, version)
      const decided = await handling.decide(command, state)
      if (decided.events.length === 0)
        return { token: position ?? '', version, events: [], state, repeated: false }
      try {
        const appendOptions = { expectedVersion: version, signal }
        const result = await appendUntilDecided(
          () => (inline ?? store).append(streamId, decided.events, appendOptions),
          budget,
        )
        const events = handling.committed(decided.events, version)
        return {
          token: result.token,
          version: result.version,
          events,
          state: decided.state,
          repeated: result.repeated,
        }
      } catch (error) {
        if (!EventStoreError.is(error) || !isDecision(error) || !(await budget.next(error))) throw error
      }
    }
  }
}

function checkMetadata(metadata: unknown): void {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw invalidArgument('metadata', 'must be an object')
  }
}

function checkVersion(streamId: string, expected: ExpectedVersion, actual: number): void {
  const fits =
    typeof expected === 'number'
      ? actual === expected
      : expected === 'any' || (expected === 'none') === (actual === 0)
  if (!fits) throw new VersionConflictError(streamId, expected, actual)
}
