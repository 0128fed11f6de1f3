import { Random } from '../../src/random.ts'
import type { CheckedHistory } from '../../src/torture/check/check-history.ts'
import type { Handling, HistoryRecord, SeenEvent } from '../../src/torture/history.ts'
import { amountOfId, countAmount, NOTHING_COUNTED, type Amounts } from '../../src/torture/workload-data.ts'

type Mutable<Value> = Value extends object ? { -readonly [Key in keyof Value]: Mutable<Value[Key]> } : Value

/** A history that tests may spoil. */
export type SpoiltHistory = Mutable<CheckedHistory>

export const STREAMS = ['account:1', 'account:2', 'account:3'] as const

/** Clock, store and journal of a history that keeps every promise. */
class HonestStore {
  readonly records: HistoryRecord[] = []
  readonly streams: Record<string, string[]> = Object.fromEntries(STREAMS.map((streamId) => [streamId, []]))
  readonly feed: SeenEvent[] = []
  readonly documents: string[] = []
  readonly #random = new Random(7)
  #atUs = 1000
  #operations = 0

  tick(): number {
    this.#atUs += 10
    return this.#atUs
  }

  append(
    count: number,
    fate: 'ok' | 'failed' | 'unknown-written' | 'unknown-absent',
    streamId = this.#random.pick(STREAMS),
  ): void {
    const operation = `p.${++this.#operations}`
    const ids = Array.from({ length: count }, () => this.#random.uuid())
    const expectedVersion = this.streams[streamId]?.length ?? 0
    const streams = [{ streamId, expectedVersion, ids }]
    const document = count > 1 ? { document: operation } : {}
    this.records.push({ kind: 'invoke', operation, process: 'p', atUs: this.tick(), streams, ...document })
    if (fate === 'ok' || fate === 'unknown-written') {
      for (const id of ids) this.#write(streamId, id)
      if (count > 1) this.documents.push(operation)
    }
    const atUs = this.tick()
    if (fate === 'ok') {
      const said = [{ version: expectedVersion + count, position: this.feed.at(-1)?.[0] ?? '' }]
      this.records.push({ kind: 'ok', operation, atUs, streams: said, repeated: false })
      this.records.push({ kind: 'read', streamId, startedUs: this.tick(), version: expectedVersion + count })
    } else if (fate === 'failed') {
      this.records.push({ kind: 'failed', operation, atUs, code: 'VERSION_CONFLICT' })
    } else if (fate === 'unknown-absent') {
      this.records.push({ kind: 'unknown', operation, atUs, code: 'BACKEND_UNAVAILABLE' })
    }
  }

  #write(streamId: string, id: string): void {
    const versions = this.streams[streamId] ?? []
    versions.push(id)
    this.feed.push([`0123456789abcdef.0.${this.feed.length + 1}.00000000`, id, streamId, versions.length])
  }
}

/** Consumers of both kinds that a kill interrupts after `killedAfter` events, `repeated` of them not checkpointed. */
function consume(store: HonestStore, group: string, killedAfter: number, repeated: number): void {
  const handle = ([position, id, streamId, version]: SeenEvent, fencingToken: number): void => {
    const seen = {
      group,
      consumer: `c${fencingToken}`,
      partition: 0,
      fencingToken,
      id,
      streamId,
      version,
      position,
    }
    store.records.push(
      { kind: 'handling', ...seen, atUs: store.tick() },
      { kind: 'handled', ...seen, atUs: store.tick() },
    )
  }
  const own = (fencingToken: number): void => {
    store.records.push({
      kind: 'owned',
      group,
      consumer: `c${fencingToken}`,
      partition: 0,
      fencingToken,
      atUs: store.tick(),
    })
  }
  const look = (index: number): void => {
    const position = store.feed[index]?.[0] ?? ''
    store.records.push({
      kind: 'checkpoint',
      group,
      partition: 0,
      position,
      startedUs: store.tick(),
      atUs: store.tick(),
    })
  }
  own(1)
  for (const event of store.feed.slice(0, killedAfter)) handle(event, 1)
  look(killedAfter - repeated - 1)
  own(2)
  for (const event of store.feed.slice(killedAfter - repeated)) handle(event, 2)
  look(store.feed.length - 1)
}

/** A history in which every promise is kept: with refusals, unknown outcomes, a killed consumer and two readers. */
export function honestHistory(): SpoiltHistory {
  const store = new HonestStore()
  for (let round = 0; round < 10; round++) {
    store.append(1, 'ok')
    store.append(3, 'ok')
    store.append(2, 'failed')
    store.append(2, 'unknown-absent')
    store.append(2, 'unknown-written')
  }
  store.append(1, 'ok', STREAMS[0])
  store.records.push({ kind: 'seen', reader: 'r1', partition: 0, events: store.feed.slice(0, 20) })
  store.records.push({ kind: 'seen', reader: 'r1', partition: 0, events: store.feed.slice(20) })
  store.records.push({ kind: 'seen', reader: 'r2', partition: 0, events: store.feed.slice(0, 7) })
  consume(store, 'audit', 15, 4)
  consume(store, 'totals', 15, 4)
  const counted: Record<string, Amounts> = {}
  for (const [, id, streamId, version] of store.feed) {
    counted[streamId] = countAmount(counted[streamId] ?? NOTHING_COUNTED, version, amountOfId(id))
  }
  const { records, streams, feed, documents } = store
  const history: CheckedHistory = {
    records,
    contents: { streams, feed: [feed], damaged: [], documents, counted: { totals: counted } },
    groups: [
      { group: 'audit', effects: 'at-least-once', maxInFlightEvents: 5 },
      { group: 'totals', effects: 'exactly-once', maxInFlightEvents: 5 },
    ],
  }
  // A copy belongs to the test alone, so that it may change what is read-only for all others.
  return structuredClone(history) as SpoiltHistory
}

/** Handled records of the group whose effects are not atomic. */
export function handled(history: SpoiltHistory, fencingToken: number): Mutable<Handling>[] {
  return history.records.filter(
    (record): record is Mutable<Handling> =>
      record.kind === 'handled' && record.group === 'audit' && record.fencingToken === fencingToken,
  )
}
