import { EventStoreError } from '@eventspine/core'
import { MemoryDatabase } from '@eventspine/memory'
import { describe, expect, test } from 'vitest'
import { type MessageSchedule, messageSchedule } from '../../src/index.ts'
import { FakeClock } from '../../src/testing/index.ts'
import { collected } from '../collected.ts'
import { kindsOfDocuments, MortalBackend, type MortalOptions } from '../mortal-backend.ts'

/** What a client asked for and was told, and what was delivered: what must be true of both is checked at the end. */
class Model {
  readonly clock = new FakeClock()
  readonly startMs = this.clock.now()
  readonly acknowledged = new Set<string>()
  readonly cancelled = new Set<string>()
  readonly deliveries: { readonly id: string; readonly atMs: number; readonly dueAtMs: number }[] = []
  #lapses = 0

  open(database: MemoryDatabase, options: MortalOptions): MessageSchedule<string> {
    const { documents } = new MortalBackend(database, options).backend
    return messageSchedule(documents, { name: 'crash', clock: this.clock.now })
  }

  /** The life of a few messages: added, one of them cancelled, one failing at first, all delivered. */
  async live(schedule: MessageSchedule<string>, leaseMs: number): Promise<void> {
    await this.#add(schedule, 'a', 1000)
    await this.#add(schedule, 'b', 1000)
    await this.#add(schedule, 'c', 2000)
    if ((await schedule.cancel('b')) === 'cancelled') this.cancelled.add('b')
    this.clock.set(this.startMs + 1000)
    await this.run(schedule, leaseMs)
    this.clock.set(this.startMs + 60_000)
    await this.run(schedule, leaseMs)
  }

  async run(schedule: MessageSchedule<string>, leaseMs: number): Promise<void> {
    let failure: unknown
    await schedule.runOnce({
      leaseMs,
      pollMs: 10,
      // One after the other, so that a call's number says what it is.
      concurrency: 1,
      retry: { initialDelayMs: 1000, maxDelayMs: 1000 },
      deliver: (_message, { id, dueAtMs }) => {
        this.deliveries.push({ id, atMs: this.clock.now(), dueAtMs })
        if (id === 'a' && this.#count('a') === 1) throw new Error('not at first')
      },
      onNotice: (notice) => {
        if (notice.kind === 'backend-error') failure = notice.error
        if (notice.kind === 'lease-lost') this.#lapses++
      },
    })
    if (failure !== undefined) throw failure
  }

  check(): void {
    for (const id of this.acknowledged) {
      if (!this.cancelled.has(id)) expect(this.#count(id), `deliveries of ${id}`).toBeGreaterThanOrEqual(1)
    }
    for (const id of this.cancelled) expect(this.#count(id), `deliveries of ${id}`).toBe(0)
    for (const { id, atMs, dueAtMs } of this.deliveries) {
      expect(atMs, `when ${id} was delivered`).toBeGreaterThanOrEqual(dueAtMs)
    }
    // Besides the first of a, which failed, one repeat at the most: of what was in hand at the kill. A machine that
    // stood still for longer than the short lease may repeat as well.
    expect(this.deliveries.length).toBeLessThanOrEqual(4 + this.#lapses)
  }

  async #add(schedule: MessageSchedule<string>, id: string, inMs: number): Promise<void> {
    await schedule.add(id, this.startMs + inMs, `message ${id}`)
    this.acknowledged.add(id)
  }

  #count(id: string): number {
    return this.deliveries.filter((delivery) => delivery.id === id).length
  }
}

/** Lives on in a new process until nothing waits any more: what the dead one had claimed is taken over. */
async function succeedTo(model: Model, database: MemoryDatabase, narrower: MortalOptions): Promise<void> {
  const schedule = model.open(database, narrower)
  await model.live(schedule, 600_000)
  const deadline = performance.now() + 60_000
  for (;;) {
    const waiting = await collected(schedule.pending())
    if (waiting.length === 0) return
    expect(performance.now(), `still waiting: ${waiting.map(({ id }) => id).join()}`).toBeLessThan(deadline)
    model.clock.advance(60_000)
    await model.run(schedule, 600_000)
  }
}

describe.each(kindsOfDocuments)('on documents with $kind', ({ narrower }) => {
  test.each(['before', 'after'] as const)(
    'a process killed %s any of its calls loses no message, delivers none that was cancelled and none too early',
    async (effect) => {
      for (let diesAt = 1; ; diesAt++) {
        const database = new MemoryDatabase({ partitions: 2 })
        const model = new Model()
        const dying = model.open(database, { narrower, diesAt, effect })
        const error = await model.live(dying, 100).catch((reason: unknown) => reason)
        if (error !== undefined && !EventStoreError.is(error, 'CLOSED')) throw error
        await succeedTo(model, database, { narrower })
        model.check()
        const { documents } = new MortalBackend(database, { narrower }).backend
        const entries = documents.collection('schedule:crash:due', { listed: true })
        expect(await collected(entries.list()), 'entries left behind').toEqual([])
        if (error === undefined) {
          expect(diesAt).toBeGreaterThan(25)
          return
        }
      }
    },
    120_000,
  )
})
