import assert from 'node:assert/strict'
import type { Backend, RecordedEvent, RelaySession } from '@eventspine/core'
import { EventStoreError } from '@eventspine/core'
import type { Case, CaseBackend } from '../kit.ts'
import { Random } from '../random.ts'
import { RelaySource } from '../relay-source.ts'
import { assertRelayed, readTarget, relayToEnd } from '../relay-target.ts'
import { numberOf, sampleEvent } from '../sample-events.ts'
import { turn } from '../turn.ts'

const STEPS = 40
/** Each lost reply spoils one. */
const MOST_OPENINGS = 10

/** One event of nine is wanted by nobody. */
function keeps(event: RecordedEvent): boolean {
  return numberOf(event) % 9 !== 0
}

/**
 * A random life of a relay: events come, sessions are opened by several clients, written to, given up in the
 * middle of a write, and used again after others have taken over. The model is the source itself.
 */
class RelayProgram {
  readonly #test: CaseBackend
  readonly #clients: readonly Backend[]
  readonly #source: RelaySource
  readonly #random: Random
  /** By source partition; absent when the last one is of no use. */
  readonly #sessions = new Map<number, RelaySession>()
  readonly #former: { readonly session: RelaySession; readonly partition: number }[] = []
  readonly #underWay: Promise<unknown>[] = []
  readonly #log: string[] = []
  #number = 0

  constructor(test: CaseBackend, clients: readonly Backend[], source: RelaySource, random: Random) {
    this.#test = test
    this.#clients = clients
    this.#source = source
    this.#random = random
  }

  async run(): Promise<void> {
    try {
      for (let step = 0; step < STEPS; step++) await this.#step()
      await this.#finish()
    } catch (error) {
      throw new Error(`${String(error)} after:\n${this.#log.join('\n')}`, { cause: error })
    }
  }

  async #step(): Promise<void> {
    const choice = this.#random.integer(1, 10)
    const partition = this.#random.integer(0, this.#source.partitions - 1)
    if (choice <= 3) await this.#append()
    else if (choice <= 6) await this.#write(partition)
    else if (choice <= 8) await this.#giveUp(partition)
    else if (choice === 9) await this.#open(partition)
    else await this.#writeLate()
  }

  async #append(): Promise<void> {
    const events = Array.from({ length: this.#random.integer(1, 8) }, () => sampleEvent(++this.#number))
    await this.#source.append(`counter:${this.#random.integer(1, 6)}`, events)
  }

  async #open(partition: number): Promise<RelaySession> {
    this.#log.push(`open ${partition}`)
    const before = this.#sessions.get(partition)
    const client = this.#random.pick(this.#clients)
    const session = await this.#openAgain(() => client.stream.openRelay(this.#source.request(partition)))
    if (before !== undefined) this.#former.push({ session: before, partition })
    this.#sessions.set(partition, session)
    return session
  }

  /** A lost reply meets whoever comes next, which may be an opening: it is made again, which fences what it left. */
  async #openAgain(open: () => Promise<RelaySession>): Promise<RelaySession> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await open()
      } catch (error) {
        const passes = EventStoreError.is(error) && (error.outcome === 'unknown' || error.retryable)
        if (!passes || attempt === MOST_OPENINGS) throw error
        this.#log.push('lost an opening')
      }
    }
  }

  async #write(partition: number): Promise<void> {
    const session = this.#sessions.get(partition) ?? (await this.#open(partition))
    this.#log.push(`write ${partition}`)
    const faulty = this.#random.chance(0.2) && this.#test.loseRelayReply !== undefined
    if (faulty) await this.#test.loseRelayReply?.()
    try {
      await this.#writePage(session, partition)
    } catch (error) {
      // A lost reply meets whoever writes next: every failure but those of the unknown kind is a defect.
      if (!EventStoreError.is(error) || error.outcome !== 'unknown') throw error
      this.#log.push(`lost ${partition}`)
      this.#sessions.delete(partition)
    }
  }

  /** Leaves a write under way to itself, as a process that dies does. */
  async #giveUp(partition: number): Promise<void> {
    const session = this.#sessions.get(partition) ?? (await this.#open(partition))
    this.#log.push(`give up ${partition}`)
    this.#underWay.push(this.#writePage(session, partition).catch(() => undefined))
    for (let turns = this.#random.integer(0, 6); turns > 0; turns--) await turn()
    this.#former.push({ session, partition })
    this.#sessions.delete(partition)
    await this.#open(partition)
  }

  async #writeLate(): Promise<void> {
    if (this.#former.length === 0) return
    const { session, partition } = this.#random.pick(this.#former)
    if (session === this.#sessions.get(partition)) return
    // The one that took over may itself have been lost before it was opened.
    if (!this.#sessions.has(partition)) await this.#open(partition)
    this.#log.push(`write late ${partition}`)
    const { events, next } = await this.#source.page(partition, session.position, 3)
    await assert.rejects(
      session.write(
        events.map((event) => ({ event })),
        next,
      ),
      (error: unknown) => EventStoreError.is(error),
      'a session wrote after another was opened',
    )
  }

  async #writePage(session: RelaySession, partition: number): Promise<void> {
    const limit = this.#random.integer(1, 12)
    const { events, next } = await this.#source.page(partition, session.position, limit)
    await session.write(
      events.filter(keeps).map((event) => ({ event })),
      next,
    )
  }

  async #finish(): Promise<void> {
    await Promise.all(this.#underWay)
    for (let partition = 0; partition < this.#source.partitions; partition++) {
      const session = await this.#open(partition)
      await relayToEnd(session, this.#source, partition, { keeps })
      await session.close()
    }
    await assertRelayed(await readTarget(this.#test.backend), [this.#source], keeps)
    for (const { session } of this.#former) await session.close()
  }
}

export const relayProgramCases: readonly Case[] = [
  {
    id: 'relay/random-programs',
    laws: ['S2', 'S3', 'S4', 'C5', 'F4'],
    title:
      'loses, doubles and reorders nothing in random lives of writes given up, replies lost, rivals and late writers',
    timeoutMs: 240_000,
    async run({ open, capabilities, seed, rounds }) {
      const random = new Random(seed)
      for (let round = 0; round < Math.ceil(rounds / 5); round++) {
        const test = await open({ partitions: random.pick([1, 2, 4]) })
        const clients = [test.backend, await test.sibling()]
        const source = new RelaySource(capabilities, random.pick([1, 2]))
        await new RelayProgram(test, clients, source, random).run()
        await test.close()
      }
    },
  },
]
