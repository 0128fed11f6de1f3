import { Random } from '@eventspine/conformance'
import { EventStoreError, type RecordedEvent } from '@eventspine/core'
import { memory, MemoryDatabase, MemoryLogDatabase } from '@eventspine/memory'
import { expect, it } from 'vitest'
import { relay, relayOnce } from '../src/index.ts'
import { DoomedProcess, type Fate } from './doomed-process.ts'
import { relayed } from './relayed.ts'

const ROUNDS = Number(
  process.env['EVENTSPINE_TEST_ROUNDS'] ?? (process.env['EVENTSPINE_TEST_QUICK'] === undefined ? 100 : 20),
)
const ROUNDS_AT_ONCE = 20
const SEED = Number(process.env['EVENTSPINE_TEST_SEED'] ?? Date.now() % 1_000_000_000)
const MEMBERS = 3
const APPENDS = 40

const isEven = ({ data }: Pick<RecordedEvent, 'data'>) => Number(data) % 2 === 0

/** Relays that are killed, paused, cut off and replaced at random, while events are appended. */
class Round {
  readonly #random: Random
  readonly #database: MemoryDatabase
  readonly #log: MemoryLogDatabase
  readonly #leased: boolean
  readonly #options: Parameters<typeof relay>[2]
  readonly #processes: DoomedProcess[] = []
  #over = false

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.#database = new MemoryDatabase({ partitions: this.#random.pick([1, 2, 4]) })
    this.#log = new MemoryLogDatabase({ partitions: this.#random.pick([1, 2, 4]) })
    this.#leased = this.#random.chance(0.5)
    this.#options = {
      name: 'tortured',
      leaseMs: 100,
      batchEvents: this.#random.integer(1, 8),
      positionMs: this.#random.pick([0, 5, 1000]),
      onNotice: () => undefined,
      ...(this.#random.chance(0.5) ? { filter: isEven } : {}),
    }
  }

  /** @returns the fates that were met. */
  async run(): Promise<number> {
    const members = Array.from({ length: MEMBERS }, () => this.#member())
    await this.#append()
    this.#over = true
    for (const process of this.#processes) process.bury()
    await Promise.all(members)
    const last = new DoomedProcess(this.#database, this.#log)
    await relayOnce(this.#leased ? last.source : last.source.store, last.target, {
      ...this.#options,
      budgetMs: 60_000,
    })
    const { found, expected } = relayed(this.#database, this.#log, this.#options.filter)
    expect(found).toEqual(expected)
    return this.#processes.filter(({ struck }) => struck).length
  }

  async #append(): Promise<void> {
    const { store } = memory({ database: this.#database })
    for (let data = 0; data < APPENDS; data++) {
      const events = Array.from({ length: this.#random.integer(1, 4) }, () => ({
        type: 'Counted',
        data: this.#random.integer(1, 100),
      }))
      await store.append(`counter:${this.#random.integer(1, 9)}`, events)
      if (this.#random.chance(0.4)) await pause(this.#random.integer(1, 12))
    }
  }

  /** One after another, each with a fate of its own. */
  async #member(): Promise<void> {
    while (!this.#over) {
      const process = new DoomedProcess(this.#database, this.#log, {
        fate: this.#random.pick<Fate>(['killed', 'paused', 'failed']),
        call: this.#random.integer(1, 60),
        moment: this.#random.pick(['before', 'after']),
      })
      this.#processes.push(process)
      const { source, target } = process
      const running = relay(this.#leased ? source : source.store, target, this.#options)
      const ended = running.completed.catch((error: unknown) => {
        // Where sessions are opened by those who wake up too late, even the one whose turn it is may give up.
        if (!EventStoreError.is(error, 'LEASE_LOST') && !EventStoreError.is(error, 'CLOSED')) throw error
      })
      await Promise.race([ended, process.strike(), this.#end()])
      await pause(this.#random.integer(0, 150))
      process.wake()
      await Promise.race([ended, pause(this.#random.integer(0, 50)), this.#end()])
      process.bury()
      await running.stop()
      await ended
    }
  }

  async #end(): Promise<void> {
    while (!this.#over) await pause(5)
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

it(`keeps every event once and in order through ${ROUNDS} random lives, from seed ${SEED}`, async () => {
  let met = 0
  for (let first = 0; first < ROUNDS; first += ROUNDS_AT_ONCE) {
    const rounds = Array.from({ length: ROUNDS_AT_ONCE }, (_, index) => SEED + first + index)
    const outcomes = await Promise.all(rounds.map((seed) => new Round(seed).run()))
    met += outcomes.reduce((sum, count) => sum + count, 0)
  }
  console.log(`${ROUNDS} rounds, ${met} fates met`)
  expect(met).toBeGreaterThan(ROUNDS)
}, 120_000)
