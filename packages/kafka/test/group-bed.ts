import { randomUUID } from 'node:crypto'
import { eventually } from '@eventspine/conformance'
import type { Backend, DocumentStore, RecordedEvent, SubscribeOptions, Subscription } from '@eventspine/core'
import { Kafka, logLevel } from 'kafkajs'
import { createTopic, kafka } from '../src/index.ts'

export interface Counted {
  readonly n: number
}

/** A topic of its own, and backends on it that are closed with it. */
export class GroupBed implements AsyncDisposable {
  readonly client: Kafka
  readonly topic = `groups-${randomUUID()}`
  readonly url: string
  readonly #opened: Backend[] = []
  #published = 0

  constructor(url: string) {
    this.url = url
    const brokers = [new URL(url).host]
    const retry = { initialRetryTime: 5, multiplier: 2, maxRetryTime: 200, retries: 30 }
    this.client = new Kafka({
      brokers,
      retry,
      connectionTimeout: 3000,
      requestTimeout: 10_000,
      logLevel: logLevel.NOTHING,
    })
  }

  static async create(url: string, partitions: number): Promise<GroupBed> {
    const bed = new GroupBed(url)
    await createTopic(bed.client, { topic: bed.topic, partitions })
    return bed
  }

  async open(documents?: DocumentStore): Promise<Backend> {
    const backend = await kafka({ client: this.client, topic: this.topic, documents })
    this.#opened.push(backend)
    return backend
  }

  /** Numbers them on and spreads them over `streams` streams. */
  async publish(backend: Backend, count: number, streams = 16): Promise<string> {
    const events = Array.from({ length: count }, () => {
      const n = ++this.#published
      return { type: 'Counted', data: { n } satisfies Counted, streamId: `counter:${n % streams}` }
    })
    return (await backend.stream.publish(events)).token
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const backend of this.#opened) await backend.close()
  }
}

export function numberOf(event: RecordedEvent): number {
  // Only `GroupBed.publish` writes there.
  return (event.data as Counted).n
}

/** A member that remembers what it handled, and whether two handlers of one stream ever ran at once. */
export class Recorder {
  readonly handled: number[] = []
  readonly overlaps: string[] = []
  readonly #running: Set<string>

  /** @param running - shared by members whose handlers must not overlap. */
  constructor(running: Set<string> = new Set()) {
    this.#running = running
  }

  async record(event: RecordedEvent): Promise<void> {
    if (this.#running.has(event.streamId)) this.overlaps.push(event.streamId)
    this.#running.add(event.streamId)
    await new Promise((resolve) => setImmediate(resolve))
    this.handled.push(numberOf(event))
    this.#running.delete(event.streamId)
  }

  subscribe(backend: Backend, group: string, options: Partial<SubscribeOptions> = {}): Promise<Subscription> {
    return backend.stream.subscribe({
      group,
      leaseMs: 2000,
      handlers: (event) => this.record(event),
      ...options,
      onNotice: options.onNotice ?? (() => undefined),
    })
  }
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

export const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b)

/** Numbers beyond the first time that each occurs. */
export const repeats = (numbers: readonly number[]): number => numbers.length - new Set(numbers).size

/** Waits until each of the members has a partition. */
export async function untilShared(
  bed: GroupBed,
  backend: Backend,
  members: readonly { readonly handled: readonly unknown[] }[],
  streams = 16,
): Promise<void> {
  const before = members.map(({ handled }) => handled.length)
  await eventually(
    'every member handles something',
    async () => {
      await bed.publish(backend, streams, streams)
      await new Promise((resolve) => setTimeout(resolve, 20))
      return members.every(({ handled }, index) => handled.length > (before[index] ?? 0))
    },
    30_000,
  )
}
