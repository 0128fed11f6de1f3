import { PagedRead } from '../event-read.ts'
import type {
  AppendOptions,
  AppendResult,
  EventRead,
  EventStore,
  ReadOptions,
  StreamHead,
} from '../event-store.ts'
import type { StreamId } from '../stream-id.ts'
import type { ContractStore, EventContract, ValidateOption } from './event-contract.ts'
import type { ContractShape, EventDefinitions, EventOf, NewEventOf } from './event-definition.ts'
import type { EventReading } from './event-reading.ts'
import type { EventSchemas } from './event-schemas.ts'

/** Streams of one category in a store, validated by the schemas of its contract. */
export class ValidatingStore<
  Category extends string,
  Definitions extends EventDefinitions,
> implements ContractStore<ContractShape<Category, Definitions>> {
  readonly #contract: EventContract<Category, Definitions>
  readonly #schemas: EventSchemas
  readonly #reading: EventReading
  readonly #store: Pick<EventStore, 'append' | 'read' | 'head'>

  constructor(
    contract: EventContract<Category, Definitions>,
    schemas: EventSchemas,
    reading: EventReading,
    store: Pick<EventStore, 'append' | 'read' | 'head'>,
  ) {
    this.#contract = contract
    this.#schemas = schemas
    this.#reading = reading
    this.#store = store
  }

  async append(
    stream: StreamId<Category>,
    events: readonly NewEventOf<ContractShape<Category, Definitions>>[],
    options?: AppendOptions,
  ): Promise<AppendResult> {
    const streamId = this.#contract.stream(stream)
    return this.#store.append(streamId, await this.#schemas.validate(events), options)
  }

  read(
    stream: StreamId<Category>,
    options: ReadOptions & ValidateOption = {},
  ): EventRead<EventOf<ContractShape<Category, Definitions>>> {
    const { validate = false, ...readOptions } = options
    const read = this.#store.read(this.#contract.stream(stream), readOptions)
    const schemas = this.#schemas
    const reading = this.#reading
    const checked = new PagedRead(async function* () {
      for await (const page of read.pages()) {
        const events = reading.currentPage(page, readOptions.direction)
        // Pages are never empty, though all of one may be passed over.
        if (events.length > 0) yield validate ? await schemas.validated(events) : events
      }
    })
    // Sound: no event leaves the page generator that is not of the contract, in its newest version.
    return checked as EventRead as EventRead<EventOf<ContractShape<Category, Definitions>>>
  }

  async head(stream: StreamId<Category>): Promise<StreamHead> {
    return this.#store.head(this.#contract.stream(stream))
  }
}
