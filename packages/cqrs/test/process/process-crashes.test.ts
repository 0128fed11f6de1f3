import type { Backend } from '@eventspine/core'
import { memory, MemoryDatabase } from '@eventspine/memory'
import { describe, expect, test } from 'vitest'
import { processOf } from '../../src/index.ts'
import { FakeClock } from '../../src/testing/index.ts'
import { collected } from '../collected.ts'
import { kindsOfDocuments, MortalBackend, type MortalOptions } from '../mortal-backend.ts'
import { allEvents, type Mails, Service, wasKilled } from './service.ts'
import { bankOf, bookingsOf, REMINDER_MS, stepsOf, transfers } from './transfer.ts'

const NEVER_MS = 600_000

/** Three transfers: one succeeds, one is compensated, one is refused at once. The first two are reminded of. */
class World {
  readonly database = new MemoryDatabase({ partitions: 2 })
  readonly clock = new FakeClock()
  readonly startMs = this.clock.now()
  readonly mails: Mails = new Map()
  readonly backend: Backend<undefined> = memory({ database: this.database })

  static async open(): Promise<World> {
    const world = new World()
    const bank = bankOf(world.backend.store)
    await bank.open('ada', 500)
    await bank.open('grace', 0)
    await bank.open('carol', 0)
    await bank.close('carol')
    await bank.request('t1', 'ada', 'grace', 200)
    await bank.request('t2', 'ada', 'carol', 100)
    await bank.request('t3', 'ada', 'grace', 9999)
    return world
  }

  service(options: MortalOptions): {
    readonly mortal: MortalBackend
    readonly live: (leaseMs: number) => Promise<void>
  } {
    const mortal = new MortalBackend(this.database, options)
    const service = new Service(mortal.backend, this.clock, this.mails)
    const live = async (leaseMs: number): Promise<void> => {
      // Nobody hears of the accounts yet, so the reminders become due.
      await service.handle(['transfer'])
      this.clock.set(this.startMs + REMINDER_MS)
      await service.deliver(leaseMs)
      await service.handle(['transfer', 'account'])
    }
    return { mortal, live }
  }

  /** What must be true once a service has lived to the end, whatever happened to others before. */
  async check(narrower: MortalOptions): Promise<void> {
    const { store, documents } = this.backend
    expect(await bookingsOf(store, 'ada')).toEqual([-200, -100, 100])
    expect(await bookingsOf(store, 'grace')).toEqual([200])
    expect(await bookingsOf(store, 'carol')).toEqual([])
    expect(await stepsOf(store, 't1')).toEqual(['Requested', 'Completed'])
    expect(await stepsOf(store, 't2')).toEqual(['Requested', 'Failed'])
    expect(await stepsOf(store, 't3')).toEqual(['Requested', 'Failed'])
    for (const [id, reminders] of [
      ['t1', 1],
      ['t2', 1],
      ['t3', 0],
    ] as const) {
      const process = await processOf(documents, transfers, `transfer:${id}`)
      expect(process).toMatchObject({ status: 'ended', outputsLeft: 0, timeouts: {}, state: { reminders } })
    }
    const texts = [...this.mails.values()].map(({ text }) => text).toSorted()
    expect(texts).toEqual(['ACCOUNT_CLOSED', 'reminder 1', 'reminder 1'])
    const again = new Service(new MortalBackend(this.database, narrower).backend, this.clock, this.mails)
    expect(await collected(again.pendingTimeouts()), 'timeouts left behind').toEqual([])
    const ids = (await allEvents(store)).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  }
}

describe.each(kindsOfDocuments)('processes on documents with $kind', ({ narrower }) => {
  test('a service killed after any of its writes loses no timeout and doubles no effect', async () => {
    for (let diesAt = 1; ; diesAt++) {
      const world = await World.open()
      const dying = world.service({ narrower, diesAt, effect: 'after', numbered: 'writes' })
      const error: unknown = await dying.live(100).catch((reason: unknown) => reason)
      const successor = world.service({ narrower })
      await successor.live(NEVER_MS)
      await world.check({ narrower })
      if (wasKilled(error)) continue
      expect(diesAt).toBeGreaterThan(40)
      return
    }
  }, 240_000)
})

test('a service that stood still before any of its calls has no effect when it goes on after all is done', async () => {
  for (let pausesAt = 1; ; pausesAt++) {
    const world = await World.open()
    const slow = world.service({ pausesAt })
    const living = slow.live(100)
    // It may be shut out of what it was at: that is as good.
    const settled = living.then(
      () => 'done',
      (error: unknown) => error,
    )
    const first = await Promise.race([slow.mortal.paused.then(() => 'paused'), settled])
    const successor = world.service({})
    await successor.live(NEVER_MS)
    // Now the transfer that was refused would be possible.
    const after = await bankOf(world.backend.store).deposit('ada', 100_000, 'windfall')
    slow.mortal.resume()
    const end = await settled
    if (end !== 'done') throw end
    const bookings = await bookingsOf(world.backend.store, 'ada')
    expect(bookings, `paused before call ${pausesAt}`).toEqual([-200, -100, 100, 100_000])
    expect(after.version).toBe(5)
    expect(await bookingsOf(world.backend.store, 'grace')).toEqual([200])
    expect(await stepsOf(world.backend.store, 't3')).toEqual(['Requested', 'Failed'])
    if (first === 'paused') continue
    expect(pausesAt).toBeGreaterThan(100)
    return
  }
}, 240_000)
