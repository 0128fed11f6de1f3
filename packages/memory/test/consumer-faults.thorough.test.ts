import type { NewEvent, SubscribeOptions } from '@eventspine/core'
import { describe, expect, it, vi } from 'vitest'
import { Faults, memory, MemoryDatabase, type Step } from '../src/index.ts'

/*
 * What consumers do when any single call of their backend fails, before or after it took effect: for every
 * step that they use, at every one of the first calls of it.
 */

type Effects = NonNullable<SubscribeOptions['effects']>

const STREAMS = ['counter:1', 'counter:2', 'counter:3']
const PER_STREAM = 12
const CALLS = 8

const event = (number: number): NewEvent => ({ type: 'Counted', data: number })

const numbers = Array.from({ length: PER_STREAM }, (_, index) => index + 1)

/** How a fault is planned, by its name in the test. */
const plans = {
  'fails once before': (faults: Faults, step: Step, skip: number) => faults.failBefore(step, { skip }),
  'fails once after': (faults: Faults, step: Step, skip: number) => faults.failAfter(step, { skip }),
  'fails three times': (faults: Faults, step: Step, skip: number) =>
    faults.failBefore(step, { skip, times: 3 }),
  'is late': (faults: Faults, step: Step, skip: number) => faults.delay(step, 30, { skip }),
}

interface Observed {
  /** What handlers succeeded with, by stream. */
  readonly handled: ReadonlyMap<string, readonly number[]>
  /** What their documents say, by stream. */
  readonly counted: ReadonlyMap<string, readonly number[] | undefined>
  readonly lag: number | undefined
}

/** Consumes everything, while appends go on, with one fault on the way. */
async function consumeWith(plan: (faults: Faults) => void, effects: Effects): Promise<Observed> {
  const faults = new Faults()
  const database = new MemoryDatabase()
  // Everybody else's client works.
  const backend = memory({ database })
  const faulty = memory({ database, faults })
  const half = PER_STREAM / 2
  for (const streamId of STREAMS) await backend.store.append(streamId, numbers.slice(0, half).map(event))
  const handled = new Map<string, number[]>(STREAMS.map((streamId) => [streamId, []]))
  plan(faults)
  const subscription = await faulty.stream.subscribe({
    group: 'faulty',
    effects,
    maxInFlightEvents: 6,
    leaseMs: 5_000,
    pollMs: { min: 1, max: 20 },
    retry: { attempts: 100, initialDelayMs: 1, maxDelayMs: 5 },
    onNotice: () => undefined,
    handlers: async ({ streamId, data }, { documents }) => {
      if (effects !== 'at-least-once') {
        const before = (await documents.get<readonly unknown[]>('counted', streamId)) ?? []
        documents.put('counted', streamId, [...before, data])
      }
      handled.get(streamId)?.push(Number(data))
    },
  })
  for (const number of numbers.slice(half)) {
    for (const streamId of STREAMS) await backend.store.append(streamId, [event(number)])
  }
  const group = backend.stream.group('faulty')
  await vi.waitUntil(async () => (await group.lag())[0]?.events === 0, { timeout: 60_000, interval: 5 })
  await subscription.stop()
  const counted = new Map<string, readonly number[] | undefined>()
  for (const streamId of STREAMS) {
    const document = await backend.documents.collection<readonly number[]>('counted').get(streamId)
    counted.set(streamId, document?.value)
  }
  const [lag] = await group.lag()
  await Promise.all([backend.close(), faulty.close()])
  return { handled, counted, lag: lag?.events }
}

async function check(plan: (faults: Faults) => void, effects: Effects): Promise<void> {
  const { handled, counted, lag } = await consumeWith(plan, effects)
  expect(lag).toBe(0)
  for (const [streamId, list] of handled) {
    expect([...new Set(list)], `${streamId} missed an event or met one too early`).toEqual(numbers)
  }
  if (effects === 'at-least-once') return
  for (const [streamId, list] of counted) expect(list, `effects on ${streamId}`).toEqual(numbers)
}

describe('a consumer whose backend', () => {
  const steps: readonly Step[] = ['readFeed', 'get', 'write', 'waitForFeed', 'feedHead']
  const ofEffects: Readonly<Record<Effects, readonly Step[]>> = {
    'at-least-once': steps,
    'exactly-once': steps,
    transaction: [...steps, 'transaction'],
  }
  for (const [effects, itsSteps] of Object.entries(ofEffects) as [Effects, readonly Step[]][]) {
    for (const [name, plan] of Object.entries(plans)) {
      it.concurrent(`${name} at any call handles every event in order, effects ${effects}`, async () => {
        const places = itsSteps.flatMap((step) =>
          Array.from({ length: CALLS }, (_, skip) => ({ step, skip })),
        )
        await Promise.all(
          places.map(({ step, skip }) => check((faults) => plan(faults, step, skip), effects)),
        )
      }, 240_000)
    }
  }
})
