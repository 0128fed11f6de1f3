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
import type { EventSchemas } from './event-schemas.ts'

/** Streams of one category in a store, validated by the schemas of its contract. */
export class ValidatingStore<
  Category extends string,
  Definitions extends EventDefinitions,
> implements ContractStore<ContractShape<Category, Definitions>> {
  readonly #contract: EventContract<Category, Definitions>
  readonly #schemas: EventSchemas
  readonly #store: Pick<EventStore, 'append' | 'read' | 'head'>

  constructor(
    contract: EventContract<Category, Definitions>,
    schemas: EventSchemas,
    store: Pick<EventStore, 'append' | 'read' | 'head'>,
  ) {
    this.#contract = contract
    this.#schemas = schemas
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
    const checked = new PagedRead(async function* () {
      for await (const page of read.pages())
        yield validate ? await schemas.validated(page) : schemas.known(page)
    })
    // Sound: no event leaves the page generator whose type the contract does not define.
    return checked as EventRead as EventRead<EventOf<ContractShape<Category, Definitions>>>
  }

  async head(stream: StreamId<Category>): Promise<StreamHead> {
    return this.#store.head(this.#contract.stream(stream))
  }
}
