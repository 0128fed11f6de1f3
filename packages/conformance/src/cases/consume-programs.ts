import assert from 'node:assert/strict'
import {
  EventStoreError,
  type Backend,
  type ParkedStream,
  type RecordedEvent,
  type SubscribeOptions,
} from '@eventspine/core'
import { eventually } from '../eventually.ts'
import type { Case, CaseBackend } from '../kit.ts'
import { canAskOwners } from '../asking-owners.ts'
import { Random } from '../random.ts'
import { RecordedConsumer } from '../recorded-consumer.ts'
import type { Source } from '../source.ts'
import { numberOf, sampleEvent, streamsOfPartition } from '../sample-events.ts'

type Effects = NonNullable<SubscribeOptions['effects']>

const STEPS = 25
const SEEN = 'programs'

/**
 * A random life of a group: appends, events that fail some tries or all of them, stops and starts, replays
 * and skips of parked streams. The model is a list of numbers for each stream, less those skipped.
 */
class ConsumerProgram {
  readonly #backend: Backend
  readonly #source: Source
  readonly #random: Random
  readonly #group: string
  readonly #effects: Effects
  readonly #streams = streamsOfPartition(0, 1, 4)
  readonly #expected = new Map<string, number[]>(this.#streams.map((streamId) => [streamId, []]))
  readonly #handled = new Map<string, number[]>(this.#streams.map((streamId) => [streamId, []]))
  /** Events that fail, with the tries that they fail yet. */
  readonly #failing = new Map<number, number>()
  readonly #skipped = new Set<number>()
  /** Handled or passed over. */
  readonly #either = new Set<number>()
  readonly #log: string[] = []
  #consumer: RecordedConsumer | undefined
  #last = 0

  constructor({ backend, source }: CaseBackend, random: Random, group: string, effects: Effects) {
    this.#backend = backend
    this.#source = source
    this.#random = random
    this.#group = group
    this.#effects = effects
  }

  async run(): Promise<void> {
    await this.#append()
    await this.#start()
    for (let step = 0; step < STEPS; step++) await this.#step()
    await this.#finish()
    await this.#check()
  }

  async #step(): Promise<void> {
    const choice = this.#random.integer(1, 10)
    if (choice <= 5) await this.#append()
    else if (choice === 6) await this.#restart()
    else if (choice === 7) await this.#restart(0)
    else if (choice <= 9 && !canAskOwners(this.#backend.capabilities)) await this.#append()
    else if (choice === 8) await this.#answer('replay')
    else if (choice === 9) await this.#answer('skip')
    else await new Promise((resolve) => setTimeout(resolve, this.#random.integer(0, 15)))
  }

  async #append(): Promise<void> {
    const streamId = this.#random.pick(this.#streams)
    const numbers = Array.from({ length: this.#random.integer(1, 4) }, () => ++this.#last)
    for (const number of numbers) {
      // What nobody could replay must not be parked.
      const often = this.#random.chance(0.5) || !canAskOwners(this.#backend.capabilities)
      if (this.#random.chance(0.15)) this.#failing.set(number, often ? 2 : Infinity)
    }
    this.#log.push(`append ${numbers.join(' ')} to ${streamId}`)
    this.#expected.get(streamId)?.push(...numbers)
    await this.#source.append(streamId, numbers.map(sampleEvent))
  }

  async #start(): Promise<void> {
    const options = {
      group: this.#group,
      effects: this.#effects,
      maxInFlightEvents: 5,
      leaseMs: 300,
      retry: { attempts: 3, initialDelayMs: 1, maxDelayMs: 2 },
    }
    this.#consumer = await RecordedConsumer.start(this.#backend, options, async (event, { documents }) => {
      const number = numberOf(event)
      if (this.#effects !== 'at-least-once') {
        const before = (await documents.get<readonly number[]>(SEEN, event.streamId)) ?? []
        documents.put(SEEN, event.streamId, [...before, number])
      }
      const left = this.#failing.get(number) ?? 0
      if (left > 0) {
        this.#failing.set(number, left - 1)
        throw new Error('fails by its plan')
      }
      this.#handled.get(event.streamId)?.push(number)
    })
  }

  async #restart(timeoutMs?: number): Promise<void> {
    this.#log.push(timeoutMs === undefined ? 'stop and start' : 'give up and start')
    await this.#consumer?.subscription.stop(timeoutMs === undefined ? {} : { timeoutMs })
    await this.#start()
  }

  /** Heals or passes over the event that some stream is parked at. */
  async #answer(action: 'replay' | 'skip'): Promise<void> {
    const group = this.#backend.stream.group(this.#group)
    // While it runs, a replay asked for before may move on: which event a skip passes over would be chance.
    if (action === 'skip') await this.#consumer?.stop()
    const [parked] = this.#random.shuffle(await group.parked())
    const event = parked === undefined ? undefined : await this.#firstWaiting(parked)
    if (parked !== undefined && event !== undefined) {
      const number = numberOf(event)
      this.#log.push(`${action} ${parked.streamId}, parked at ${number}`)
      if (action === 'skip') this.#skipped.add(number)
      else this.#failing.delete(number)
      // A later request takes the place of one that was not carried out yet: which one it meets is chance.
      if (action === 'replay' && this.#skipped.has(number)) this.#either.add(number)
      await askAgain(() => group[action](parked.streamId))
    }
    if (action === 'skip') await this.#start()
  }

  async #firstWaiting(parked: ParkedStream): Promise<RecordedEvent | undefined> {
    for await (const event of this.#backend.stream.group(this.#group).waiting(parked)) return event
    return undefined
  }

  async #finish(): Promise<void> {
    this.#failing.clear()
    const group = this.#backend.stream.group(this.#group)
    await this.#consumer?.subscription.caughtUpTo(await this.#source.head())
    const asked = new Set<string>()
    await eventually('nothing is parked any more', async () => {
      const parked = await group.parked()
      for (const stream of parked) {
        const event = await this.#firstWaiting(stream)
        // A skip that was asked for has to be carried out by itself: another request would take its place.
        if (event === undefined || this.#skipped.has(numberOf(event))) continue
        // Once: every request changes the checkpoint, and a transaction that took longer than the time between two of
        // them would never find it as it was.
        const place = `${stream.streamId} ${stream.streamPosition}`
        if (asked.has(place)) continue
        asked.add(place)
        await askAgain(() => group.replay(stream.streamId))
      }
      return parked.length === 0
    })
    await this.#consumer?.stop()
  }

  async #check(): Promise<void> {
    const documents = this.#backend.documents.collection<readonly number[]>(SEEN)
    for (const [streamId, appended] of this.#expected) {
      const expected = appended.filter((number) => !this.#skipped.has(number))
      const program = `${this.#effects}: ${streamId} after:\n${this.#log.join('\n')}\n`
      if (this.#effects === 'at-least-once') {
        // What was skipped may have been handled by a try that was given up.
        const handled = this.#handled.get(streamId)?.filter((number) => !this.#skipped.has(number))
        assert.deepEqual([...new Set(handled)], expected, program)
      } else {
        const document = await documents.get(streamId, { partition: 0 })
        const counted = document?.value.filter((number) => !this.#either.has(number)) ?? []
        assert.deepEqual(counted, expected, program)
      }
    }
  }
}

/** A stream may have been replayed to its end between the look at it and the request. */
async function askAgain(request: () => Promise<void>): Promise<void> {
  try {
    await request()
  } catch (error) {
    if (!EventStoreError.is(error, 'INVALID_ARGUMENT')) throw error
  }
}

export const consumeProgramCases: readonly Case[] = [
  {
    id: 'consume/random-programs',
    laws: ['C1', 'C2', 'C3', 'C6', 'C7', 'C9'],
    title:
      'agrees with a list after random lives of failures, stops, replays and skips, with every kind of effects',
    timeoutMs: 180_000,
    async run({ open, capabilities, seed, rounds }) {
      const { documentBatch, sharedTransaction } = capabilities
      const kinds: readonly Effects[] = [
        'at-least-once',
        ...(documentBatch === 'none' ? [] : (['exactly-once'] as const)),
        ...(sharedTransaction === 'none' ? [] : (['transaction'] as const)),
      ]
      const random = new Random(seed)
      for (let round = 0; round < Math.ceil(rounds / 5); round++) {
        for (const effects of kinds) {
          const test = await open()
          await new ConsumerProgram(test, random, `life-${effects}`, effects).run()
          await test.backend.close()
        }
      }
    },
  },
]
