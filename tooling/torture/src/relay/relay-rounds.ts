import type { Random } from '@eventspine/conformance'
import { type Backend, EventStoreError } from '@eventspine/core'
import type { BackendAccess, Life } from './life.ts'
import type { RelayBlow } from './relay-blow.ts'
import { RelayProcess, until } from './relay-process.ts'

export const RELAY_NAME = 'killed'
export const LEASE_MS = 500
const STREAMS = 20
/** For a relay to come to the call at which it ends. */
const REACH_MS = 20_000

export interface RelayRoundsOptions {
  readonly source: Backend
  /** How other processes open source and target. */
  readonly sourceAccess: BackendAccess
  readonly targetAccess: BackendAccess
  readonly blows: readonly RelayBlow[]
  readonly random: Random
  readonly crashSource: () => Promise<void>
  readonly crashTarget: () => Promise<void>
  /** After each round, in order: whether it happened as it was meant to. */
  readonly onRound: (blow: RelayBlow, hit: boolean, tookMs: number) => void
}

/** Relays in processes of their own, one after the other, each with a blow of its own, while events are appended. */
export async function relayRounds(options: RelayRoundsOptions): Promise<void> {
  const { source, blows, random, onRound } = options
  const appending = new AbortController()
  const appended = append(source, random, appending.signal)
  let next = new RelayProcess()
  let paused: RelayProcess | undefined
  try {
    for (const blow of blows) {
      const startedMs = performance.now()
      const current = next
      next = new RelayProcess()
      const hit = await live(current, blow, options)
      if (paused !== undefined) {
        paused.signal('SIGCONT')
        await pause(random.integer(0, 100))
        await paused.kill()
        paused = undefined
      }
      if (blow === 'paused' && !current.exited) {
        current.signal('SIGSTOP')
        paused = current
      } else await current.kill()
      if (current.failure !== undefined) throw new Error(`a relay ended by itself: ${current.failure}`)
      onRound(blow, hit, performance.now() - startedMs)
    }
  } finally {
    appending.abort()
    await Promise.all([next, ...(paused === undefined ? [] : [paused])].map((process) => process.kill()))
    await appended
  }
}

/** Until it ended itself, or has relayed for a while. */
async function live(process: RelayProcess, blow: RelayBlow, options: RelayRoundsOptions): Promise<boolean> {
  const { random, sourceAccess, targetAccess, crashSource, crashTarget } = options
  const crash = crashOf(blow, random)
  await process.start({
    name: RELAY_NAME,
    source: sourceAccess,
    target: targetAccess,
    leaseMs: LEASE_MS,
    batchEvents: random.pick([1, 5, 50]),
    crash,
  })
  const isGone = (): boolean => process.exited || process.failure !== undefined
  await until('it relays or is gone', () => process.owned > 0 || isGone())
  if (blow === 'source') await crashSource()
  if (blow === 'target') await crashTarget()
  const deadlineMs = performance.now() + (crash === undefined ? random.integer(20, 400) : REACH_MS)
  while (!isGone() && performance.now() < deadlineMs) await pause(5)
  return crash === undefined ? !process.exited : process.exited
}

function crashOf(blow: RelayBlow, random: Random): Life['crash'] {
  const call = random.integer(1, 12)
  if (blow === 'before-call') return { call, moment: 'before' }
  if (blow === 'after-call') return { call, moment: 'after' }
  return undefined
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

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
