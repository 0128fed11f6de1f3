import {
  type BackendAdapter,
  type EventLogAdapter,
  type EventStoreAdapter,
  partitionOf,
  type StoredEvent,
} from '@eventspine/core'
import { grouped } from './grouped.ts'
import type { PayloadHead } from './payload-document.ts'
import { parseReference } from './reference.ts'
import { streamPages } from './stream-pages.ts'

const PAGE_EVENTS = 1000

/** Whether an event refers to a payload, or ever can. */
export type Verdict = 'referenced' | 'orphan' | 'undecided'

/** Looks for the events that payloads were written for. */
export class ReferenceLookup {
  readonly #store: EventStoreAdapter | undefined
  readonly #log: EventLogAdapter | undefined
  readonly #partitions: number

  constructor({ store, log, manifest }: BackendAdapter) {
    this.#store = store
    this.#log = log
    this.#partitions = manifest.partitions
  }

  /** In the order of `heads`. */
  async verdicts(heads: readonly PayloadHead[]): Promise<readonly Verdict[]> {
    const verdicts = new Map<PayloadHead, Verdict>()
    const ofStore = heads.filter(({ log }) => log !== true)
    for (const [streamId, ofStream] of grouped(ofStore, ({ stream }) => stream)) {
      const fenced = ofStream.filter(({ version }) => version !== undefined)
      const unfenced = ofStream.filter(({ version }) => version === undefined)
      if (fenced.length > 0) await this.#judgeFenced(streamId, fenced, verdicts)
      if (unfenced.length > 0) await this.#judgeByReading(this.#eventsOfStream(streamId), unfenced, verdicts)
    }
    const ofLog = heads.filter(({ log }) => log === true)
    for (const [partition, inPartition] of grouped(ofLog, ({ stream }) =>
      partitionOf(stream, this.#partitions),
    ))
      await this.#judgeByReading(this.#eventsOfLog(partition), inPartition, verdicts)
    return heads.map((head) => verdicts.get(head) ?? 'undecided')
  }

  async #judgeFenced(
    streamId: string,
    heads: readonly PayloadHead[],
    verdicts: Map<PayloadHead, Verdict>,
  ): Promise<void> {
    const store = this.#store
    if (store === undefined) return
    const partition = partitionOf(streamId, this.#partitions)
    const { version: reached } = await store.doHead(streamId, partition)
    for (const [version = 0, atVersion] of grouped(heads, (head) => head.version)) {
      // Until another event stands there, the append that the payload was written for may still arrive.
      if (version > reached) continue
      const page = await store.doRead({
        streamId,
        partition,
        from: version,
        to: version,
        direction: 'forward',
        limit: 1,
      })
      const [event] = page.events
      for (const head of atVersion)
        verdicts.set(head, event !== undefined && refersTo(event, head) ? 'referenced' : 'orphan')
    }
  }

  async #judgeByReading(
    pages: AsyncIterable<readonly StoredEvent[]> | undefined,
    heads: readonly PayloadHead[],
    verdicts: Map<PayloadHead, Verdict>,
  ): Promise<void> {
    if (pages === undefined) return
    const byEvent = grouped(heads, ({ event }) => event)
    for await (const events of pages) {
      for (const event of events) {
        for (const head of byEvent.get(event.id) ?? [])
          if (refersTo(event, head)) verdicts.set(head, 'referenced')
      }
    }
    for (const head of heads) if (!verdicts.has(head)) verdicts.set(head, 'orphan')
  }

  #eventsOfStream(streamId: string): AsyncIterable<readonly StoredEvent[]> | undefined {
    const store = this.#store
    return store === undefined
      ? undefined
      : streamPages(store, streamId, partitionOf(streamId, this.#partitions))
  }

  #eventsOfLog(partition: number): AsyncIterable<readonly StoredEvent[]> | undefined {
    return this.#log === undefined ? undefined : logPages(this.#log, partition)
  }
}

function refersTo(event: StoredEvent, { event: id, segment, digest }: PayloadHead): boolean {
  if (event.id !== id || event.codec !== 2) return false
  return parseReference(event.data, event.id).segments[segment]?.digest === digest
}

async function* logPages(log: EventLogAdapter, partition: number): AsyncGenerator<readonly StoredEvent[]> {
  const { sequence: last } = await log.doFeedHead(partition)
  for (let after = 0; after < last;) {
    const page = await log.doReadFeed({ partition, after, limit: PAGE_EVENTS })
    yield page.events
    if (page.atEnd) return
    after = Math.max(page.next, page.firstKept - 1)
  }
}
