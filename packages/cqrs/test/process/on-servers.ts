import type { Backend } from '@eventspine/core'
import { describe, expect, test } from 'vitest'
import { messageSchedule, runProcess } from '../../src/index.ts'
import { collected } from '../collected.ts'
import { allEvents } from './service.ts'
import { openUrl, SERVICE } from './service-backend.ts'
import { bankOf, bookingsOf, stepsOf, transfers } from './transfer.ts'

const FROM = ['ada', 'grace'] as const

/** Requests transfers to and fro, and every third to an account that is closed. */
export class Transfers {
  readonly #store: Backend['store']
  readonly #count: number

  constructor(store: Backend['store'], count: number) {
    this.#store = store
    this.#count = count
  }

  get ids(): readonly string[] {
    return Array.from({ length: this.#count }, (_, index) => `t${index}`)
  }

  async openAccounts(): Promise<void> {
    const bank = bankOf(this.#store)
    for (const id of FROM) await bank.open(id, 1_000_000)
    await bank.open('carol', 0)
    await bank.close('carol')
  }

  async request(): Promise<void> {
    const bank = bankOf(this.#store)
    await Promise.all(
      this.ids.map((id, index) => {
        const [from, to] = index % 2 === 0 ? FROM : FROM.toReversed()
        return bank.request(id, from ?? '', index % 3 === 0 ? 'carol' : (to ?? ''), index + 1)
      }),
    )
  }

  /** Every transfer had its effects once: amounts tell whose they are. */
  async check(): Promise<void> {
    const bookings = [...(await bookingsOf(this.#store, 'ada')), ...(await bookingsOf(this.#store, 'grace'))]
    expect(await bookingsOf(this.#store, 'carol')).toEqual([])
    for (const [index, id] of this.ids.entries()) {
      const cents = index + 1
      // From one to the other, or away and back.
      expect(
        bookings.filter((each) => Math.abs(each) === cents),
        id,
      ).toHaveLength(2)
      const steps = ['Requested', index % 3 === 0 ? 'Failed' : 'Completed']
      expect(await stepsOf(this.#store, id), id).toEqual(steps)
    }
    expect(bookings.reduce((sum, each) => sum + each, 0)).toBe(0)
    const eventIds = (await allEvents(this.#store)).map(({ id }) => id)
    expect(new Set(eventIds).size).toBe(eventIds.length)
  }
}

/** Runs processes and a schedule on a server: two services each, with clients of their own. */
export function testProcesses(
  server: string,
  createUrl: () => Promise<{ readonly url: string } & AsyncDisposable>,
): void {
  describe(`on ${server}`, () => {
    test('two services share the processes, and each transfer has its effects once', async () => {
      await using target = await createUrl()
      await using first = await openUrl(target.url)
      await using second = await openUrl(target.url)
      const work = new Transfers(first.store, 12)
      await work.openAccounts()
      await using running = await runProcess(first, transfers, SERVICE)
      await using _other = await runProcess(second, transfers, SERVICE)
      await work.request()
      for (const id of work.ids) await running.ended(`transfer:${id}`, { timeoutMs: 60_000 })
      await work.check()
      const timeouts = messageSchedule(first.documents, { name: 'process-transfers' })
      expect(await collected(timeouts.pending()), 'timeouts left behind').toEqual([])
    }, 120_000)

    test('two runs of a schedule share its messages', async () => {
      await using target = await createUrl()
      await using first = await openUrl(target.url)
      await using second = await openUrl(target.url)
      const [mine, theirs] = [first, second].map(({ documents }) =>
        messageSchedule<number>(documents, { name: 'shared' }),
      )
      if (mine === undefined || theirs === undefined) throw new RangeError('two were opened')
      const ids = Array.from({ length: 40 }, (_, index) => index)
      await Promise.all(ids.map((id) => mine.add(`m${id}`, Date.now() - id, id)))
      await mine.add('later', Date.now() + 86_400_000, -1)
      expect(await theirs.cancel('m7')).toBe('cancelled')
      const delivered: number[] = []
      const options = { deliver: (id: number) => void delivered.push(id), leaseMs: 600_000 }
      const results = await Promise.all([mine.runOnce(options), theirs.runOnce(options)])
      expect(results[0].delivered + results[1].delivered).toBe(39)
      expect(delivered.toSorted((a, b) => a - b)).toEqual(ids.filter((id) => id !== 7))
      const left = await collected(mine.pending())
      expect(left.map(({ id }) => id)).toEqual(['later'])
    }, 120_000)
  })
}
