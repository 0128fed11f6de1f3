import type { Backend, Token } from '@eventspine/core'
import type { Journal } from './history.ts'
import { ConsumerRecorder, type ConsumerRecorderOptions } from './consumer-recorder.ts'
import { FeedWatcher } from './feed-watcher.ts'
import { Publisher } from './publisher.ts'
import { Writer } from './writer.ts'

/** What one process does to a store. Everything in it survives JSON. */
export interface WorkloadOptions {
  /** Of this process: a new one for every start, so that its operations cannot be taken for another's. */
  readonly process: string
  readonly seed: number
  readonly streamIds: readonly string[]
  /** Writing side by side. */
  readonly writers: number
  readonly consumers: readonly ConsumerRecorderOptions[]
  /** Follow the feed of every partition. */
  readonly watchFeed: boolean
  /** File to write the history to. */
  readonly journal: string
}

/** Writers, feed readers and consumers of one process, all of them writing down what they do. */
export class Workload {
  readonly #backend: Backend
  readonly #options: Omit<WorkloadOptions, 'journal'>
  readonly #journal: Journal
  readonly #versions = new Map<string, number>()
  readonly #watchers: FeedWatcher[] = []
  readonly #consumers: ConsumerRecorder[] = []
  #writers: (Writer | Publisher)[] = []
  #generation = 0

  constructor(backend: Backend, options: Omit<WorkloadOptions, 'journal'>, journal: Journal) {
    this.#backend = backend
    this.#options = options
    this.#journal = journal
  }

  /** Starts feed readers and consumers; writers start with {@link Workload.resumeWriting}. */
  async start(): Promise<void> {
    const { process, watchFeed, consumers } = this.#options
    const { store } = this.#backend
    // A log has no feed to read beside its groups.
    const partitions = watchFeed && this.#backend.capabilities.store ? store.partitions : 0
    for (let partition = 0; partition < partitions; partition++) {
      this.#watchers.push(new FeedWatcher(store, `${process}/${partition}`, partition, this.#journal))
    }
    for (const options of consumers) {
      this.#consumers.push(await ConsumerRecorder.start(this.#backend, process, options, this.#journal))
    }
  }

  resumeWriting(): void {
    const { process, seed, streamIds, writers } = this.#options
    this.#generation++
    for (let index = 0; index < writers; index++) {
      const name = `${process}.${this.#generation}.${index}`
      const options = { process, name, streamIds, seed: seed + this.#generation * 1000 + index }
      this.#writers.push(
        this.#backend.capabilities.store
          ? new Writer(this.#backend, this.#versions, options, this.#journal)
          : new Publisher(this.#backend.stream, options, this.#journal),
      )
    }
  }

  /** Resolves when every writer has done what it had in hand. */
  async stopWriting(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.stop()))
    this.#writers = []
  }

  /** Resolves when feed readers and consumers have seen everything that is there; those that cannot are a defect. */
  async catchUp(timeoutMs: number, acknowledged: Token): Promise<void> {
    const all = [...this.#watchers, ...this.#consumers]
    await Promise.all(
      all.map(async (reader) => {
        try {
          await reader.caughtUp(timeoutMs, acknowledged)
        } catch (error) {
          this.#journal.write({ kind: 'defect', process: this.#options.process, what: String(error) })
        }
      }),
    )
  }

  async stop(): Promise<void> {
    await this.stopWriting()
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()))
    await Promise.all(this.#watchers.map((watcher) => watcher.stop()))
  }
}
