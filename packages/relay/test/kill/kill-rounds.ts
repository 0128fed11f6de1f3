import { Random } from '@eventspine/conformance'
import { type Backend, partitionOf, type RecordedEvent } from '@eventspine/core'
import { relayOnce } from '../../src/index.ts'
import { targetEvents } from '../target-events.ts'
import type { BackendAccess, Life } from './life.ts'
import { RelayProcess } from './relay-process.ts'
import { until } from './until.ts'

const NAME = 'killed'
const LEASE_MS = 300
const STREAMS = 20

export interface KillRoundsOptions {
  readonly source: Backend
  readonly target: Backend
  /** How other processes open the same. */
  readonly sourceAccess: BackendAccess
  readonly targetAccess: BackendAccess
  readonly rounds: number
  readonly seed: number
}

export interface KillRoundsResult {
  readonly events: number
  /** What readers of the target got of each source partition, beside what they should have got. */
  readonly found: readonly (readonly string[])[]
  readonly expected: readonly (readonly string[])[]
}

/**
 * Relays in processes of their own, one after the other, each killed at a call or a moment of its own, or paused until
 * another has taken over and then woken up beside it, while events are appended.
 */
export async function killRounds(options: KillRoundsOptions): Promise<KillRoundsResult> {
  const { source, target, rounds, seed } = options
  const random = new Random(seed)
  const appending = new AbortController()
  const appended = append(source, random, appending.signal)
  let next = new RelayProcess()
  const paused: RelayProcess[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      const current = next
      next = new RelayProcess()
      await live(current, random, options)
      for (const process of paused.splice(0)) {
        process.signal('SIGCONT')
        await pause(random.integer(0, 100))
        await process.kill()
      }
      if (random.chance(0.3) && !current.exited) {
        current.signal('SIGSTOP')
        paused.push(current)
      } else await current.kill()
      if (current.failure !== undefined) throw new Error(`a relay ended by itself: ${current.failure}`)
    }
  } finally {
    appending.abort()
    await Promise.all([next, ...paused].map((process) => process.kill()))
    await appended
  }
  await relayOnce(source, target, { name: NAME, leaseMs: LEASE_MS, budgetMs: 120_000 })
  return compared(source, await targetEvents(target))
}

/** Until it killed itself, or has relayed for a while. */
async function live(
  process: RelayProcess,
  random: Random,
  { sourceAccess, targetAccess }: KillRoundsOptions,
): Promise<void> {
  const crash: Life['crash'] = random.chance(0.6)
    ? { call: random.integer(1, 12), moment: random.pick(['before', 'after']) }
    : undefined
  await process.start({
    name: NAME,
    source: sourceAccess,
    target: targetAccess,
    leaseMs: LEASE_MS,
    batchEvents: random.pick([1, 5, 50]),
    crash,
  })
  await until(
    'it relays or is gone',
    () => process.owned > 0 || process.exited || process.failure !== undefined,
  )
  const deadlineMs = performance.now() + (crash === undefined ? random.integer(0, 300) : 3000)
  while (!process.exited && process.failure === undefined && performance.now() < deadlineMs) await pause(5)
}

async function append({ store }: Backend, random: Random, signal: AbortSignal): Promise<void> {
  for (let number = 0; !signal.aborted; number++) {
    const events = Array.from({ length: random.integer(1, 5) }, () => ({ type: 'Counted', data: number }))
    await store.append(`counter:${random.integer(1, STREAMS)}`, events)
    await pause(random.integer(1, 10))
  }
}

async function compared({ store }: Backend, relayed: readonly RecordedEvent[]): Promise<KillRoundsResult> {
  const expected: string[][] = []
  const found: string[][] = []
  for (let partition = 0; partition < store.partitions; partition++) {
    const events = await store.feed({ partition }).toArray()
    expected.push(events.map(({ id }) => id))
    found.push([])
  }
  // The target has as many partitions, so that its order is that of the source.
  for (const { id, streamId } of relayed) found[partitionOf(streamId, store.partitions)]?.push(id)
  return { events: relayed.length, found, expected }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
