import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  Fleet,
  Random,
  type ConsumerRecorderOptions,
  type FleetMember,
  type Settled,
} from '@eventspine/conformance'
import { deal, type Blow, type BlowTerms } from './blow.ts'
import { planBlows } from './plan-blows.ts'
import { Tally, type RoundResult } from './tally.ts'
import { openTarget, type Target, type TargetName } from './target.ts'

export interface TortureOptions {
  readonly target: TargetName
  readonly rounds: number
  readonly seed: number
  readonly streams: number
  /** In all processes together. */
  readonly writers: number
  readonly partitions: number
  readonly blows: readonly Blow[]
  /** Of the server, by their own names: some break promises, which has to show. */
  readonly serverSettings?: Readonly<Record<string, string>>
  /** An ignored folder: histories are kept there while they are needed, and for good when a promise was broken. */
  readonly directory: string
  readonly onRound?: (number: number, round: RoundResult, tookMs: number) => void
}

export interface TortureResult {
  readonly tally: Tally
  /** Where the history lies that shows the first broken promise; `undefined` when all were kept. */
  readonly evidence: string | undefined
  /** Faults of the network, by name. */
  readonly faults: Readonly<Record<string, number>>
}

/** Rounds on one store: its whole history is checked after each of them, so it must not grow for ever. */
const ROUNDS_PER_STORE = 8

/** @param store - that the groups belong to: those of Kafka are of all its topics. */
function consumersOf(target: Target, store: number): readonly ConsumerRecorderOptions[] {
  const { leaseMs } = target
  const all = [
    { group: 'audit', effects: 'at-least-once' },
    ...(target.documents ? [{ group: 'counted', effects: 'exactly-once' } as const] : []),
    ...(target.sharedTransaction ? [{ group: 'shared', effects: 'transaction' } as const] : []),
  ] as const
  return all.map(({ group, effects }) => ({
    group: `${group}-${store}`,
    effects,
    leaseMs,
    maxInFlightEvents: 50,
    failing: 0.02,
  }))
}

/** Runs the rounds, and ends with the first one that shows a broken promise. */
export async function runTorture(options: TortureOptions): Promise<TortureResult> {
  const { rounds, seed, directory } = options
  const random = new Random(seed)
  const tally = new Tally()
  await mkdir(directory, { recursive: true })
  await using target = await openTarget(options.target, directory, options.serverSettings)
  const faults = (): TortureResult['faults'] => target.faults?.counts() ?? {}
  const plan = planBlows(options.blows, rounds, random)
  for (let first = 0; first < rounds; first += ROUNDS_PER_STORE) {
    const store = join(directory, `store-${first / ROUNDS_PER_STORE + 1}`)
    const blows = plan.slice(first, first + ROUNDS_PER_STORE)
    const failed = await tortureStore({ options, target, random, tally, directory: store, blows, first })
    if (failed !== undefined) {
      return { tally, evidence: await keepEvidence(options, store, failed), faults: faults() }
    }
    tally.nextStore()
    await rm(store, { recursive: true })
  }
  return { tally, evidence: undefined, faults: faults() }
}

interface StoreTerms {
  readonly options: TortureOptions
  readonly target: Target
  readonly random: Random
  readonly tally: Tally
  readonly directory: string
  readonly blows: readonly Blow[]
  /** Rounds before these. */
  readonly first: number
}

/** @returns what shows a broken promise. */
async function tortureStore({
  options,
  target,
  random,
  tally,
  directory,
  blows,
  first,
}: StoreTerms): Promise<Settled | undefined> {
  const { seed, partitions, streams, writers } = options
  await mkdir(directory, { recursive: true })
  await using fleet = new Fleet({
    access: await target.newStore(),
    open: { create: true, partitions },
    directory,
    seed: seed + first,
    streamIds: Array.from({ length: streams }, (_, index) => `account:${index + 1}`),
    writersPerProcess: Math.ceil(writers / target.processes),
    consumers: consumersOf(target, first / ROUNDS_PER_STORE + 1),
  })
  for (const [index, blow] of blows.entries()) {
    const startedMs = performance.now()
    const missing = target.processes - fleet.members.length
    await Promise.all(Array.from({ length: missing }, () => fleet.add()))
    fleet.warmUp()
    await fleet.write()
    // Of their own, so that how many calls there are changes no blow.
    target.faults?.start(new Random(seed + first + index))
    const victim = random.pick(fleet.members)
    const { hit, inFlight } = await strike(fleet, victim, blow, { target, random })
    await target.faults?.stop()
    if (fleet.members.length === 0) await fleet.add()
    const settled = await fleet.settle()
    const round = { blow, hit, inFlight, violations: settled.violations }
    tally.addRound(round)
    tally.countHistory(settled.records)
    options.onRound?.(first + index + 1, round, performance.now() - startedMs)
    if (settled.violations.length > 0) return settled
  }
  await fleet.close()
  return undefined
}

async function strike(
  fleet: Fleet,
  victim: FleetMember,
  blow: Blow,
  { target, random }: { readonly target: Target; readonly random: Random },
): Promise<{ readonly hit: boolean; readonly inFlight: number }> {
  let inFlight = 0
  const { crashServer } = target
  const terms: BlowTerms = {
    victim,
    random,
    mostCalls: target.mostCalls,
    leaseMs: target.leaseMs,
    crashServer: async () => {
      inFlight = fleet.members.reduce((sum, member) => sum + fleet.inFlight(member), 0)
      await crashServer?.(random)
    },
  }
  if (blow !== 'paused' && blow !== 'server') fleet.doom(victim)
  const hit = await deal(blow, terms)
  // Nothing ends in a pause, and a killed process can be asked afterwards: its journal outlives it.
  if (blow !== 'paused' && blow !== 'server') inFlight = fleet.inFlight(victim)
  return { hit, inFlight }
}

async function keepEvidence(
  options: TortureOptions,
  store: string,
  { violations, contents }: Settled,
): Promise<string> {
  const evidence = join(options.directory, `broken-${options.target}-seed-${options.seed}`)
  await rm(evidence, { recursive: true, force: true })
  await rename(store, evidence)
  await writeFile(join(evidence, 'violations.json'), JSON.stringify(violations, undefined, 2))
  await writeFile(join(evidence, 'contents.json'), JSON.stringify(contents))
  return evidence
}
