import { Random } from '@eventspine/conformance'
import {
  type Backend,
  EventStoreError,
  parsePosition,
  partitionOf,
  type RecordedEvent,
} from '@eventspine/core'
import { type OwnServer, ServerStartError } from '@eventspine/servers'
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
  /** Servers to be killed and started again under the relays, besides. */
  readonly servers?: readonly OwnServer[] | undefined
}

export interface KillRoundsResult {
  readonly events: number
  /** Ids of what readers of the target got of each source partition, sorted as they were appended. */
  readonly found: readonly (readonly string[])[]
  /** What they should have got. */
  readonly expected: readonly (readonly string[])[]
  /** Events that stand in a partition of the target behind one that was appended later to the same partition. */
  readonly misplaced: readonly string[]
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
  { sourceAccess, targetAccess, servers = [] }: KillRoundsOptions,
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
  const [server] = random.chance(0.7) ? random.shuffle(servers) : []
  if (server !== undefined) {
    await server.kill()
    await restarted(server)
  }
  const deadlineMs = performance.now() + (crash === undefined ? random.integer(0, 300) : 3000)
  while (!process.exited && process.failure === undefined && performance.now() < deadlineMs) await pause(5)
}

/** Another search for a free port may try the server's own while it is down. */
async function restarted(server: OwnServer): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await server.restart()
    } catch (error) {
      if (!(error instanceof ServerStartError) || attempt === 5) throw error
      await pause(500)
    }
  }
}

async function append({ store }: Backend, random: Random, signal: AbortSignal): Promise<void> {
  for (let number = 0; !signal.aborted; number++) {
    const events = Array.from({ length: random.integer(1, 5) }, () => ({ type: 'Counted', data: number }))
    try {
      await store.append(`counter:${random.integer(1, STREAMS)}`, events)
    } catch (error) {
      // What a server that was killed has of it, the feed will tell.
      if (!EventStoreError.is(error) || !(error.retryable || error.outcome === 'unknown')) throw error
    }
    await pause(random.integer(1, 10))
  }
}

async function compared({ store }: Backend, relayed: readonly RecordedEvent[]): Promise<KillRoundsResult> {
  const expected: string[][] = []
  for (let partition = 0; partition < store.partitions; partition++)
    expected.push((await store.feed({ partition }).toArray()).map(({ id }) => id))
  const order = new Map(expected.flatMap((ids) => ids.map((id, index) => [id, index] as const)))
  const found = expected.map((): string[] => [])
  const misplaced: string[] = []
  const last = new Map<string, number>()
  for (const { id, streamId, position } of relayed) {
    const partition = partitionOf(streamId, store.partitions)
    found[partition]?.push(id)
    const way = `${partition} to ${parsePosition(position).partition}`
    const place = order.get(id) ?? -1
    if (place <= (last.get(way) ?? -1)) misplaced.push(id)
    last.set(way, place)
  }
  for (const ids of found) ids.sort((one, other) => (order.get(one) ?? 0) - (order.get(other) ?? 0))
  return { events: relayed.length, found, expected, misplaced }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
