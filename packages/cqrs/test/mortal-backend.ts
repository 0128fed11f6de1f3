import {
  type Backend,
  type BackendAdapter,
  type Capabilities,
  createBackend,
  EventStoreError,
} from '@eventspine/core'
import { memoryAdapter, type MemoryDatabase } from '@eventspine/memory'

/** What a backend may lack and what its processes may suffer. */
export interface MortalOptions {
  /** Declare less than memory has; listings come out of order where they are not declared as ordered. */
  readonly narrower?: Partial<Capabilities> | undefined
  /** The call, from 1, at which the process dies. Default: never. */
  readonly diesAt?: number | undefined
  /** Whether that call still has its effect. */
  readonly effect?: 'before' | 'after' | undefined
  /** The call, from 1, before which the process stands still, with all its later ones, until `resume`. Default: never. */
  readonly pausesAt?: number | undefined
  /** Which calls are numbered: a death between two writes is the same wherever it is. Default: all. */
  readonly numbered?: 'all' | 'writes' | undefined
}

/** One process's way to a database, which ends at a call of one's choice as if the process was killed there. */
export class MortalBackend {
  readonly backend: Backend<undefined>
  readonly #options: MortalOptions
  calls = 0
  isDead = false
  /** Resolves when the process stands still. */
  readonly paused: Promise<void>
  #pause = (): void => undefined
  #resumed: Promise<void> | undefined
  #resume = (): void => undefined

  constructor(database: MemoryDatabase, options: MortalOptions = {}) {
    this.#options = options
    this.paused = new Promise((resolve) => (this.#pause = resolve))
    const adapter = memoryAdapter({ database })
    const capabilities = { ...adapter.capabilities, ...options.narrower }
    this.backend = createBackend({ ...this.#mortal(adapter), capabilities })
  }

  /** Lets a process that stands still go on. */
  resume(): void {
    this.#resume()
  }

  #mortal(adapter: BackendAdapter<undefined>): BackendAdapter<undefined> {
    const { store, documents } = adapter
    if (store === undefined || documents === undefined) throw new Error('memory has both ports')
    const isNumbered = this.#options.numbered !== 'writes'
    const step = <Result>(work: () => Promise<Result>): Promise<Result> => this.#step(work, isNumbered)
    const write = <Result>(work: () => Promise<Result>): Promise<Result> => this.#step(work, true)
    return {
      ...adapter,
      store: {
        doAppend: (...words) => write(() => store.doAppend(...words)),
        doRead: (...words) => step(() => store.doRead(...words)),
        doHead: (...words) => step(() => store.doHead(...words)),
        doReadFeed: (...words) => step(() => store.doReadFeed(...words)),
        doFeedHead: (...words) => step(() => store.doFeedHead(...words)),
        doWaitForFeed: (...words) => store.doWaitForFeed(...words),
        doRemove: (...words) => write(() => store.doRemove(...words)),
        doImport: (...words) => write(() => store.doImport(...words)),
        doSeal: (...words) => write(() => store.doSeal(...words)),
      },
      documents: {
        doGet: (...words) => step(() => documents.doGet(...words)),
        doWrite: (...words) => write(() => documents.doWrite(...words)),
        doList: (request) =>
          step(async () => {
            const page = await documents.doList(request)
            const isOrdered = (this.#options.narrower?.listing ?? 'ordered') === 'ordered'
            return isOrdered ? page : { ...page, documents: page.documents.toReversed() }
          }),
      },
    }
  }

  async #step<Result>(work: () => Promise<Result>, isNumbered: boolean): Promise<Result> {
    this.#live()
    // Its own: others are numbered while it waits.
    const number = isNumbered ? ++this.calls : undefined
    await this.#standStill(number)
    const isLast = number !== undefined && number === this.#options.diesAt
    if (isLast && this.#options.effect !== 'after') this.isDead = true
    this.#live()
    const result = await work()
    if (isLast) this.isDead = true
    this.#live()
    return result
  }

  async #standStill(number: number | undefined): Promise<void> {
    if (number !== undefined && number === this.#options.pausesAt) {
      this.#resumed = new Promise((resolve) => (this.#resume = resolve))
      this.#pause()
    }
    await this.#resumed
  }

  /** Of an error that nobody waits to pass: whoever called is dead as well. */
  #live(): void {
    if (this.isDead) throw new EventStoreError('CLOSED', 'this process was killed')
  }
}

/** All that documents can be like, as far as it matters to what is built on them. */
export const kindsOfDocuments: readonly {
  readonly kind: string
  readonly narrower: Partial<Capabilities>
}[] = [
  { kind: 'ordered listing, batches', narrower: {} },
  { kind: 'unordered listing, no batches', narrower: { listing: 'unordered', documentBatch: 'none' } },
]
