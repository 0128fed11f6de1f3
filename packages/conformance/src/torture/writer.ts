import type { Backend } from '@eventspine/core'
import { EventStoreError, type VersionConflictError } from '@eventspine/core'
import { Random } from '../random.ts'
import { turn } from '../turn.ts'
import { monotonicUs, type Journal, type TriedAppend } from './history.ts'
import { attempt, isExact, type Operation } from './operation.ts'

export interface WriterOptions {
  readonly process: string
  readonly name: string
  readonly streamIds: readonly string[]
  readonly seed: number
}

/** Of one writer that appends without a pause; several of them share what they know of versions. */
export class Writer {
  readonly #backend: Backend
  readonly #versions: Map<string, number>
  readonly #options: WriterOptions
  readonly #journal: Journal
  readonly #random: Random
  readonly #done: Promise<void>
  #stopping = false
  #operations = 0

  constructor(backend: Backend, versions: Map<string, number>, options: WriterOptions, journal: Journal) {
    this.#backend = backend
    this.#versions = versions
    this.#options = options
    this.#journal = journal
    this.#random = new Random(options.seed)
    this.#done = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#done
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      if (this.#random.chance(0.05)) await this.#read(this.#random.pick(this.#options.streamIds))
      else await this.#write(this.#nextOperation())
      await turn()
    }
  }

  async #write(operation: Operation): Promise<void> {
    const { status, error } = await attempt(
      this.#backend.store,
      operation,
      this.#journal,
      (streamId, version) => this.#versions.set(streamId, version),
    )
    if (status === 'ok') return
    if (EventStoreError.is(error, 'VERSION_CONFLICT')) {
      await this.#learn(error)
    } else {
      // The server is away: asking at once again would only fill the journal.
      await pause(20)
      // Half of what nobody knows is decided at once by its writer, the rest after the round.
      if (status === 'unknown' && isExact(operation) && this.#random.chance(0.5) && !this.#stopping) {
        await this.#write(operation)
      }
    }
  }

  async #learn({ streamId, actualVersion }: VersionConflictError): Promise<void> {
    if (actualVersion !== undefined) {
      this.#versions.set(streamId, Math.max(actualVersion, this.#versions.get(streamId) ?? 0))
      return
    }
    await this.#read(streamId)
  }

  async #read(streamId: string): Promise<void> {
    const startedUs = monotonicUs()
    try {
      const events = await this.#backend.store.read(streamId, { direction: 'backward', limit: 10 }).toArray()
      const version = events[0]?.streamPosition ?? 0
      this.#versions.set(streamId, Math.max(version, this.#versions.get(streamId) ?? 0))
      this.#journal.write({ kind: 'read', streamId, startedUs, version })
    } catch {
      // A read that failed says nothing about the history; the next one will be heard.
      await pause(20)
    }
  }

  #nextOperation(): Operation {
    const streams = this.#random.chance(0.15)
      ? this.#severalStreams()
      : [this.#random.pick(this.#options.streamIds)]
    const operation = `${this.#options.name}.${++this.#operations}`
    const allowed = this.#backend.capabilities.documentsWithAppend !== 'none' && streams.length === 1
    return {
      operation,
      process: this.#options.process,
      streams: streams.map((streamId) => this.#appendTo(streamId)),
      ...(allowed && this.#random.chance(0.1) ? { document: operation } : {}),
    }
  }

  #severalStreams(): readonly string[] {
    const { multiStreamAppend } = this.#backend.capabilities
    const shuffled = this.#random.shuffle(this.#options.streamIds)
    // Within one partition only, which streams fit together would be told by their names' hashes.
    const reaches =
      multiStreamAppend === 'store' ||
      (multiStreamAppend === 'partition' && this.#backend.store.partitions === 1)
    return reaches ? shuffled.slice(0, this.#random.integer(2, 3)) : shuffled.slice(0, 1)
  }

  #appendTo(streamId: string): TriedAppend {
    const version = this.#versions.get(streamId) ?? 0
    const events = this.#random.chance(0.6) ? 1 : this.#random.integer(2, this.#random.chance(0.2) ? 40 : 8)
    const ids = Array.from({ length: events }, () => this.#random.uuid())
    return { streamId, expectedVersion: this.#random.chance(0.45) ? 'any' : version, ids }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
