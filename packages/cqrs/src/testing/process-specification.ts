import { isDeepStrictEqual } from 'node:util'
import type { RecordedEvent } from '@eventspine/core'
import type { ProcessInput, ProcessManager } from '../process/process-manager.ts'
import type { ProcessCommand, Reaction, Receivers, Refusal } from '../process/reaction.ts'
import { reacting, type StoredProcess, taking, takingTimeout, unbegun } from '../process/stored-process.ts'
import type { ProjectedContract, ProjectedEvent } from '../projection.ts'
import { frozen } from './frozen.ts'
import { asStored, GIVEN_MS } from './given-event.ts'
import { History, type StreamEvents, type TestedContract } from './history.ts'
import { rejectIfAwaited } from './reject-if-awaited.ts'
import { expectEqual, specificationFailure } from './specification-failure.ts'

/** Something that happens to a process; made by {@link on}, {@link timeout} and {@link refused}. */
export type Happening<To extends Receivers = Receivers> =
  | StreamEvents
  | { readonly kind: 'timeout'; readonly name: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal<To> }

/** A timeout that the process has set comes, when it is due. */
export function timeout(name: string): { readonly kind: 'timeout'; readonly name: string } {
  return { kind: 'timeout', name }
}

/** A command of the process is refused by a domain error of this code. */
export function refused<
  Command extends { readonly to: string; readonly stream: string; readonly command: unknown },
>(
  command: Command,
  code: string,
  message = code,
): {
  readonly kind: 'refused'
  readonly refusal: Command & { readonly code: string; readonly message: string }
} {
  return { kind: 'refused', refusal: { ...command, code, message } }
}

/** What happened to a process before. */
export interface ProcessGiven<State, To extends Receivers> {
  /** What happens to it now. */
  when(...happening: readonly Happening<To>[]): ProcessOutcome<State, To>
}

/**
 * What a process is held to. Each method runs it without anything stored or sent, and rejects with an
 * `AssertionError` that shows the difference.
 */
export interface ProcessOutcome<State, To extends Receivers> {
  /** Exactly these commands and timeouts, these cancelled, and an end or none; the state, where it is given. */
  then(expected: Reaction<State, To>): Promise<void>
  thenState(expected: State): Promise<void>
}

/** One specification of a process manager. */
export class ProcessSpecification<
  State,
  Contract extends ProjectedContract,
  To extends Receivers,
> implements ProcessGiven<State, To> {
  readonly #manager: ProcessManager<State, Contract, To>
  readonly #history: readonly Happening<To>[]

  constructor(manager: ProcessManager<State, Contract, To>, history: readonly Happening<To>[]) {
    this.#manager = manager
    this.#history = history
  }

  when(...happening: readonly Happening<To>[]): ProcessOutcome<State, To> {
    const { name } = this.#manager
    const run = async (): Promise<ProcessRun<State, Contract, To>> => {
      const process = new ProcessRun(this.#manager)
      for (const each of this.#history) await process.take(each)
      process.reactions.length = 0
      for (const each of happening) await process.take(each)
      return process
    }
    return {
      // A specification reads given, when, then. What awaiting it would do is caught first.
      // oxlint-disable-next-line unicorn/no-thenable
      then: async (...args) => {
        if (rejectIfAwaited(args)) return
        const [expected] = args
        const { reactions, state } = await run()
        expectEqual(effects(reactions), effects([expected]), `${name} did something else`)
        if (expected.state !== undefined)
          expectEqual(state, asStored(expected.state), `${name} came to another state`)
      },
      thenState: async (expected) => {
        expectEqual((await run()).state, asStored(expected), `${name} came to another state`)
      },
    }
  }
}

/** The processes of a manager through one specification. */
class ProcessRun<State, Contract extends ProjectedContract, To extends Receivers> {
  readonly reactions: Reaction<State, To>[] = []
  readonly #manager: ProcessManager<State, Contract, To>
  readonly #history: History
  readonly #processes = new Map<string, StoredProcess<State, To>>()
  /** The process that the last event concerned: the one that timeouts and refusals are meant for. */
  #key: string | undefined

  constructor(manager: ProcessManager<State, Contract, To>) {
    this.#manager = manager
    // Sound: every contract of `defineEvents` validates.
    this.#history = new History(manager.contracts as unknown as readonly TestedContract[])
  }

  get state(): unknown {
    const process = this.#key === undefined ? undefined : this.#processes.get(this.#key)
    return process === undefined ? asStored(this.#manager.initialState()) : process.state
  }

  async take(happening: Happening<To>): Promise<void> {
    if ('kind' in happening) {
      this.#react(happening)
      return
    }
    const maps = this.#manager.handlers((event) => this.#takeEvent(event))
    for (const stored of await this.#history.store(this.#marked(happening))) {
      // Sound: `#takeEvent` needs nothing of the context.
      for (const map of maps) await map.handle(stored, {} as never)
    }
  }

  /** An event whose type has no key is taken for one that a command of this process led to. */
  #marked({ streamId, events }: StreamEvents): StreamEvents {
    const key = this.#key
    const { name, keys = {} } = this.#manager
    if (key === undefined) return { streamId, events }
    const mark = { name, key }
    return {
      streamId,
      events: events.map((event) =>
        Object.hasOwn(keys, event.type) || event.metadata?.['process'] !== undefined
          ? event
          : { ...event, metadata: { ...event.metadata, process: mark } },
      ),
    }
  }

  #takeEvent(event: ProjectedEvent<Contract>): void {
    const key = this.#manager.keyOf(event)
    if (key === undefined) return
    this.#key = key
    const found = this.#processes.get(key)
    if (found?.status === 'ended') return
    const before = found ?? unbegun<State, To>(this.#manager.initialState(), key)
    const reaction = this.#reaction(before, { kind: 'event', event }, key)
    if (found === undefined && reaction === undefined) return
    // Sound: an event of a contract has a stream and a place.
    this.#record(key, taking(before, event as unknown as RecordedEvent), reaction)
  }

  #react(happening: Exclude<Happening<To>, StreamEvents>): void {
    const key = this.#key
    const process = key === undefined ? undefined : this.#processes.get(key)
    if (key === undefined || process === undefined)
      throw specificationFailure('there is no process yet: give an event that it begins with')
    if (happening.kind === 'refused') {
      this.#record(key, process, this.#reaction(process, happening, key))
      return
    }
    const { name } = happening
    const set = process.timeouts[name]
    if (set === undefined) throw specificationFailure(`the timeout ${name} is not set`)
    const taken = takingTimeout(process, name, set.id) ?? process
    const input = { kind: 'timeout', timeout: { name, dueAtMs: set.dueAtMs } } as const
    this.#record(key, taken, this.#reaction(taken, input, key))
  }

  #reaction(
    { state }: StoredProcess<State, To>,
    input: ProcessInput<Contract, To>,
    key: string,
  ): Reaction<State, To> | undefined {
    const reaction = this.#manager.reactionTo(frozen(state), input, { key })
    const again = this.#manager.reactionTo(state, input, { key })
    // A process is asked again when another one of the service was faster.
    if (!isDeepStrictEqual(reaction, again))
      expectEqual(again, reaction, `${this.#manager.name} did something else the second time`)
    return reaction
  }

  #record(key: string, before: StoredProcess<State, To>, reaction: Reaction<State, To> | undefined): void {
    const { name, timeoutNames, receivers } = this.#manager
    // Refuses a reaction that could not be carried out.
    const after = reacting(before, reaction, { name, key, nowMs: GIVEN_MS, timeoutNames, receivers })
    // Sound: the state of a process is JSON.
    this.#processes.set(key, { ...after, state: asStored(after.state) as State, outputs: [] })
    if (reaction !== undefined) this.reactions.push(reaction)
  }
}

interface Effects<To extends Receivers> {
  readonly commands: readonly ProcessCommand<To>[]
  readonly timeouts: readonly unknown[]
  readonly cancel: readonly string[]
  readonly end: boolean
}

/** What reactions come to, without what they leave out. */
function effects<State, To extends Receivers>(reactions: readonly Reaction<State, To>[]): unknown {
  const all: Effects<To> = {
    commands: reactions.flatMap(({ commands = [] }) => commands),
    timeouts: reactions.flatMap(({ timeouts = [] }) =>
      timeouts.map(({ name, inMs, at }) => (at === undefined ? { name, inMs } : { name, at: Number(at) })),
    ),
    cancel: reactions.flatMap(({ cancel = [] }) => cancel),
    end: reactions.some(({ end = false }) => end),
  }
  return asStored(all)
}
