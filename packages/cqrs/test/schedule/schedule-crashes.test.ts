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
  readonly options = { name: 'crash', clock: this.clock.now }
  readonly acknowledged = new Set<string>()
  readonly cancelled = new Set<string>()
  readonly deliveries: { readonly id: string; readonly atMs: number; readonly dueAtMs: number }[] = []
  #lapses = 0

  open(database: MemoryDatabase, options: MortalOptions): MessageSchedule<string> {
    return messageSchedule(new MortalBackend(database, options).backend.documents, this.options)
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
        if (id === 'a' && this.count('a') === 1) throw new Error('not at first')
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
      if (!this.cancelled.has(id)) expect(this.successes(id), `deliveries of ${id}`).toBeGreaterThanOrEqual(1)
    }
    for (const id of this.cancelled) expect(this.count(id), `deliveries of ${id}`).toBe(0)
    for (const { id, atMs, dueAtMs } of this.deliveries) {
      expect(atMs, `when ${id} was delivered`).toBeGreaterThanOrEqual(dueAtMs)
    }
    // Besides the first of a, which failed, one repeat at the most: of what was in hand at the kill. A machine that
    // stood still for longer than the short lease may repeat as well.
    expect(this.deliveries.length).toBeLessThanOrEqual(4 + this.#lapses)
  }

  async #add(schedule: MessageSchedule<string>, id: string, inMs: number): Promise<void> {
    // Whoever was told that it is there does not add it again.
    if (this.acknowledged.has(id)) return
    await schedule.add(id, this.startMs + inMs, `message ${id}`)
    this.acknowledged.add(id)
  }

  successes(id: string): number {
    return this.count(id) - (id === 'a' ? 1 : 0)
  }

  count(id: string): number {
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
        expect(await entriesLeft(database), 'entries left behind').toEqual([])
        if (error === undefined) {
          expect(diesAt).toBeGreaterThan(25)
          return
        }
      }
    },
    120_000,
  )

  test('a process that stood still before any of its calls loses no message when it goes on after all is done', async () => {
    for (let pausesAt = 1; ; pausesAt++) {
      const database = new MemoryDatabase({ partitions: 2 })
      const model = new Model()
      const slow = new MortalBackend(database, { narrower, pausesAt })
      const living = model.live(messageSchedule(slow.backend.documents, model.options), 100)
      const settled = living.then(() => 'done')
      const first = await Promise.race([slow.paused.then(() => 'paused'), settled])
      // What the slow one has not come to yet is done twice.
      await succeedTo(model, database, { narrower })
      slow.resume()
      await settled
      await succeedTo(model, database, { narrower })
      for (const id of ['a', 'c'])
        expect(model.successes(id), `paused before call ${pausesAt}: ${id}`).toBeGreaterThan(0)
      expect(await entriesLeft(database), `paused before call ${pausesAt}`).toEqual([])
      if (first === 'paused') continue
      expect(pausesAt).toBeGreaterThan(25)
      return
    }
  }, 120_000)
})

test('an entry that a slow process is about to clear away stays when its message was added anew', async () => {
  const clock = new FakeClock()
  const database = new MemoryDatabase({ clock: clock.now })
  const options = { name: 'crash', clock: clock.now, keepMs: 1000 }
  const dueAtMs = clock.now()
  const run = { deliver: () => undefined, leaseMs: 600_000, onNotice: () => undefined }
  // It adds, looks, reads, claims and settles, and dies before it clears the entry away.
  const dying = messageSchedule<string>(
    new MortalBackend(database, { diesAt: 6, effect: 'after' }).backend.documents,
    options,
  )
  await dying.add('a', dueAtMs, 'first')
  await dying.runOnce(run).catch(() => undefined)
  expect(await entriesLeft(database)).toHaveLength(1)
  clock.advance(1000)
  // It has looked and read that there is no message any more.
  const slow = new MortalBackend(database, { pausesAt: 3 })
  const clearing = messageSchedule<string>(slow.backend.documents, options).runOnce(run)
  await slow.paused
  const others = messageSchedule<string>(new MortalBackend(database).backend.documents, options)
  expect(await others.add('a', dueAtMs, 'second')).toMatchObject({ repeated: false })
  slow.resume()
  const delivered: string[] = []
  const deliver = (message: string): void => void delivered.push(message)
  const [{ delivered: bySlow }] = await Promise.all([clearing, others.runOnce({ ...run, deliver })])
  expect(bySlow + delivered.length).toBe(1)
  expect(await entriesLeft(database)).toEqual([])
})

test('a process that was taken over leaves the entry to its successor, which may die in its turn', async () => {
  const clock = new FakeClock()
  const database = new MemoryDatabase()
  const open = (backend: MortalBackend): MessageSchedule<string> =>
    messageSchedule<string>(backend.backend.documents, { name: 'crash', clock: clock.now })
  const run = { leaseMs: 100, pollMs: 10, onNotice: () => undefined }
  await open(new MortalBackend(database)).add('a', clock.now(), 'hello')
  // It has looked, read, claimed and delivered, and is about to write that down.
  const slow = new MortalBackend(database, { pausesAt: 4 })
  const delivered: string[] = []
  const collect = (message: string): void => void delivered.push(message)
  const first = open(slow).runOnce({ ...run, deliver: collect })
  await slow.paused
  const dying = new MortalBackend(database)
  const deliver = (): void => {
    dying.isDead = true
  }
  const second = open(dying).runOnce({ ...run, deliver })
  await expect(second).rejects.toMatchObject({ code: 'CLOSED' })
  slow.resume()
  await first
  const third = open(new MortalBackend(database))
  await third.runOnce({ ...run, leaseMs: 600_000, deliver: collect })
  // By the slow one at first, and after the successor's death by it again or by the third.
  expect(delivered.length).toBeGreaterThanOrEqual(2)
  expect(await entriesLeft(database)).toEqual([])
})

async function entriesLeft(database: MemoryDatabase): Promise<readonly unknown[]> {
  const { documents } = new MortalBackend(database).backend
  return collected(documents.collection('schedule:crash:due', { listed: true }).list())
}
