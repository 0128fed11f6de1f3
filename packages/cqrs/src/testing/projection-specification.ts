import type { ContractShape } from '@eventspine/core'
import type { ProjectedEvent, Projection } from '../projection.ts'
import { frozen } from './frozen.ts'
import { asStored } from './given-event.ts'
import { History, type StreamEvents, type TestedContract } from './history.ts'
import { rejectIfAwaited } from './reject-if-awaited.ts'
import { expectEqual } from './specification-failure.ts'

/** What was projected before. */
export interface ProjectionGiven<State> {
  /** What happens then, in the order of the feed. */
  when(...happening: readonly StreamEvents[]): ProjectionOutcome<State>
}

/**
 * What the documents of a projection are held to. Each method runs it on nothing stored, and rejects with an
 * `AssertionError` that shows the difference. An evolution that changes its arguments fails where it does.
 */
export interface ProjectionOutcome<State> {
  /** Exactly these documents, by key. */
  then(expected: Readonly<Record<string, State>>): Promise<void>
  /** One document; `undefined`: there is none. Others are not looked at. */
  thenDocument(key: string, expected: State | undefined): Promise<void>
}

/** One specification of a projection. */
export class ProjectionSpecification<
  State,
  Contract extends ContractShape,
> implements ProjectionGiven<State> {
  readonly #projection: Projection<State, Contract>
  readonly #history: readonly StreamEvents[]

  constructor(projection: Projection<State, Contract>, history: readonly StreamEvents[]) {
    this.#projection = projection
    this.#history = history
  }

  when(...happening: readonly StreamEvents[]): ProjectionOutcome<State> {
    const { name } = this.#projection
    const run = (): Promise<ReadonlyMap<string, State>> => this.#documents([...this.#history, ...happening])
    return {
      // A specification reads given, when, then. What awaiting it would do is caught first.
      // oxlint-disable-next-line unicorn/no-thenable
      then: async (...args) => {
        if (rejectIfAwaited(args)) return
        const documents = Object.fromEntries(await run())
        expectEqual(documents, asStored(args[0]), `${name} has other documents`)
      },
      thenDocument: async (key, expected) => {
        const documents = await run()
        expectEqual(
          documents.get(key),
          asStored(expected),
          `${name} has another document ${JSON.stringify(key)}`,
        )
      },
    }
  }

  async #documents(streams: readonly StreamEvents[]): Promise<ReadonlyMap<string, State>> {
    const projection = this.#projection
    const documents = new Map<string, State>()
    const apply = (event: ProjectedEvent<Contract>): void => {
      const key = projection.key(event)
      if (key === undefined) return
      const next = projection.next(documents.get(key), event)
      // Sound: a document is JSON, so this is the state that the next event finds.
      if (next === undefined) documents.delete(key)
      else documents.set(key, frozen(asStored(next) as State))
    }
    const maps = projection.handlers(apply)
    const { events } = projection
    // Sound: a list is told from a contract, and every contract of `defineEvents` validates.
    const contracts = (Array.isArray(events) ? events : [events]) as unknown as readonly TestedContract[]
    const history = new History(contracts)
    for (const stream of streams) {
      for (const event of await history.store(stream)) {
        // Sound: a projection's handlers take nothing of the context but its signal, and `apply` not even that.
        for (const map of maps) await map.handle(event, {} as never)
      }
    }
    return documents
  }
}
