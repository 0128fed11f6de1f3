import { randomUUID } from 'node:crypto'

/** A stream that one worker alone appends to, and so knows the version of. */
export interface OwnedStream {
  readonly id: string
  version: number
}

/** What a store holds of a stream. */
export interface StoredStream {
  readonly id: string
  readonly events: number
  readonly lastVersion: number
}

const STREAMS = 1000

/** The streams of a slice: worker `w` of `n` owns `w`, `w + n`, … and goes round them, so nobody conflicts. */
export class OwnedStreams {
  readonly #streams: readonly OwnedStream[]
  readonly #concurrency: number
  readonly #turns: number[]

  constructor(concurrency: number) {
    this.#concurrency = concurrency
    this.#streams = Array.from({ length: Math.max(STREAMS, concurrency) }, () => ({
      id: `cart:${randomUUID()}`,
      version: 0,
    }))
    this.#turns = Array.from({ length: concurrency }, (_, worker) => worker)
  }

  /** The stream of a worker's next append. */
  next(worker: number): OwnedStream {
    const turn = this.#turns[worker] ?? worker
    const stream = this.#streams[turn]
    if (stream === undefined) throw new RangeError(`there is no worker ${worker}`)
    const following = turn + this.#concurrency
    this.#turns[worker] = following < this.#streams.length ? following : worker
    return stream
  }

  /**
   * Holds what a store returned against what its clients were told. Streams of other processes are theirs to check.
   *
   * @throws an Error that says what is lost, doubled or out of step.
   */
  check(stored: readonly StoredStream[], acknowledgedEvents: number): void {
    const own = new Set(this.#streams.map(({ id }) => id))
    const found = new Map(stored.filter(({ id }) => own.has(id)).map((stream) => [stream.id, stream]))
    const total = Array.from(found.values()).reduce((sum, { events }) => sum + events, 0)
    if (total !== acknowledgedEvents)
      throw new Error(`${acknowledgedEvents} events were acknowledged and ${total} are stored`)
    for (const { id, version } of this.#streams) {
      const { events = 0, lastVersion = 0 } = found.get(id) ?? {}
      if (events !== version || lastVersion !== version) {
        throw new Error(
          `stream ${id} was acknowledged up to version ${version}; it holds ${events} events, the last at ${lastVersion}`,
        )
      }
    }
  }
}
