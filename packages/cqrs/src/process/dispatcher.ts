import {
  type EventMetadata,
  type EventStore,
  EventStoreError,
  invalidArgument,
  type StreamId,
} from '@eventspine/core'
import { commandHandler, type CommandHandler } from '../command-handler.ts'
import type { Decider } from '../decider.ts'
import { DomainError } from '../domain-error.ts'
import type { MessageSchedule } from '../schedule/message-schedule.ts'
import type { DecidingReceiver, Receivers } from './reaction.ts'
import type { Output } from './stored-process.ts'

/** The part of a store that processes use. */
export type ProcessStore = Pick<EventStore, 'append' | 'read' | 'head'>

/** A timeout on its way, as it is kept in the schedule. */
export interface TimeoutMessage {
  readonly key: string
  readonly name: string
}

/** How an external receiver is told of a command. */
export interface ExternalOptions {
  /** Of the command: the same each time. Let it have its effect once by it. */
  readonly id: string
  readonly metadata: EventMetadata
  readonly signal: AbortSignal
}

/** Takes the commands of an external receiver, each at least once; a {@link DomainError} refuses one. */
export type ExternalHandler<Command> = (
  stream: string,
  command: Command,
  options: ExternalOptions,
) => void | Promise<void>

/** What came of an output. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly error: DomainError }
  /** Others have appended to the stream: the command must be decided at its new version. */
  | { readonly kind: 'moved'; readonly error: EventStoreError }

const DONE: Outcome = { kind: 'done' }

export interface DispatchContext {
  readonly key: string
  readonly metadata: EventMetadata
  readonly signal: AbortSignal
}

interface Target {
  readonly handle: CommandHandler<unknown, unknown, string, never>
  streamId(stream: string): StreamId
}

/** Carries out what processes have decided to do. */
export class Dispatcher<To extends Receivers> {
  readonly #store: ProcessStore
  readonly #timeouts: MessageSchedule<TimeoutMessage> | undefined
  readonly #targets = new Map<string, Target>()
  readonly #external = new Map<string, ExternalHandler<unknown>>()

  /** @throws {@link EventStoreError} `INVALID_ARGUMENT`: nobody takes the commands of a receiver. */
  constructor(
    store: ProcessStore,
    receivers: To,
    external: Readonly<Record<string, ExternalHandler<never> | undefined>>,
    timeouts: MessageSchedule<TimeoutMessage> | undefined,
  ) {
    this.#store = store
    this.#timeouts = timeouts
    for (const [name, receiver] of Object.entries(receivers)) {
      if ('decide' in receiver) {
        this.#targets.set(name, targetOf(store, receiver))
        continue
      }
      const handler = external[name]
      if (handler === undefined) throw invalidArgument(`external.${name}`, 'must be given: it takes commands')
      // Sound: its commands are typed by the receiver of this name.
      this.#external.set(name, handler as ExternalHandler<unknown>)
    }
  }

  /** Whether a command needs a version that it does not have yet. */
  needsVersion(output: Output<To>): boolean {
    return output.kind === 'command' && output.at === undefined && this.#targets.has(output.to)
  }

  /** The version at which a command can be decided now. */
  async versionFor(output: Output<To>): Promise<number> {
    if (output.kind !== 'command') return 0
    const { version } = await this.#store.head(this.#target(output.to).streamId(output.stream))
    return version
  }

  /** @throws what is neither done nor refused: the same call again decides it. */
  async dispatch(output: Output<To>, { key, metadata, signal }: DispatchContext): Promise<Outcome> {
    switch (output.kind) {
      case 'timeout':
        await this.#timeouts?.add(output.id, output.dueAtMs, { key, name: output.name })
        return DONE
      case 'cancel':
        await this.#timeouts?.cancel(output.id)
        return DONE
      case 'command':
        return this.#send(output, metadata, signal)
    }
  }

  async #send(
    { to, stream, command, id, at }: Extract<Output<To>, { readonly kind: 'command' }>,
    metadata: EventMetadata,
    signal: AbortSignal,
  ): Promise<Outcome> {
    try {
      const handler = this.#external.get(to)
      if (handler !== undefined) {
        await handler(stream, command, { id, metadata, signal })
        return DONE
      }
      const target = this.#target(to)
      const options = { id, metadata, signal, expectedVersion: at }
      await target.handle(target.streamId(stream), command, options)
      return DONE
    } catch (error) {
      if (DomainError.is(error)) return { kind: 'refused', error }
      if (EventStoreError.is(error, 'VERSION_CONFLICT') || EventStoreError.is(error, 'ID_REUSED'))
        return { kind: 'moved', error }
      throw error
    }
  }

  /** @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: a stored command is for a receiver of another version of the service. */
  #target(name: string): Target {
    const target = this.#targets.get(name)
    if (target === undefined) {
      const what = `a command waits for the receiver ${JSON.stringify(name)}`
      throw new EventStoreError(
        'STORE_INCOMPATIBLE',
        `${what}, which is unknown to this version of the service`,
      )
    }
    return target
  }
}

function targetOf(store: ProcessStore, receiver: DecidingReceiver): Target {
  // Sound: every receiver that decides is a decider, whose commands were typed where the reaction was written.
  const decider = receiver as unknown as Decider<unknown, unknown, string, never>
  return {
    // One try each: the version is the process's to choose.
    handle: commandHandler(store, decider, { attempts: 1 }),
    streamId: (stream) => decider.events.stream(stream),
  }
}
