import { collectGarbage } from './collect-garbage.ts'
import type { Slice, SlicePlan } from './slice.ts'
import { differenceSpread, quantile, ratioSpread, type Spread, spreadOf } from './statistics.ts'

/** One way of doing the job of a comparison. */
export interface Candidate {
  readonly name: string
  /** Prepares a slice: empty tables, open connections. Not measured. */
  open(concurrency: number): Promise<Session>
}

/** A prepared slice of one candidate. */
export interface Session {
  measure(plan: SlicePlan): Promise<Slice>
  /**
   * Holds what is stored against what was acknowledged.
   *
   * @throws where they differ: a rate reached by losing events is no rate.
   */
  check(acknowledgedEvents: number): Promise<void>
  close(): Promise<void>
}

/** Candidates for the same job, measured side by side. */
export interface Comparison {
  readonly title: string
  readonly concurrency: number
  /** Name of the candidate that the others are divided by. */
  readonly base: string
  readonly candidates: readonly Candidate[]
}

export interface CompareOptions {
  readonly rounds: number
  readonly warmupMs: number
  readonly durationMs: number
  readonly serverPid: number | undefined
  /** Told before each slice. */
  readonly onSlice: (title: string, candidate: string, round: number) => void
}

export interface CandidateResult {
  readonly name: string
  readonly eventsPerSecond: Spread
  /** Over the rounds, of its rate divided by the base's in the same round. */
  readonly ratio: Spread
  /** Of the median round, in microseconds an operation. */
  readonly latencyUs: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly nodeCpuUsPerEvent: Spread
  /** Over the rounds, of its node CPU time an event less the base's. */
  readonly nodeCpuUsOverBase: Spread
  /** `undefined` where there is no server, or its process is not known. */
  readonly serverCpuUsPerEvent: Spread | undefined
  readonly events: number
}

export interface ComparisonResult {
  readonly title: string
  readonly concurrency: number
  readonly base: string
  readonly rounds: number
  readonly warmupMs: number
  readonly durationMs: number
  readonly candidates: readonly CandidateResult[]
}

/**
 * Measures the candidates of a comparison in rounds: in each, every candidate has one slice, and the order is
 * rotated by one. What slows down the machine for a while then hits all of them, and ratios within a round hold
 * where rates do not.
 *
 * @throws what a candidate threw, or its check.
 */
export async function compare(comparison: Comparison, options: CompareOptions): Promise<ComparisonResult> {
  const { title, concurrency, base, candidates } = comparison
  const { rounds, warmupMs, durationMs, serverPid } = options
  if (!candidates.some(({ name }) => name === base))
    throw new RangeError(`${title}: no candidate is called "${base}"`)
  const slices = new Map<string, Slice[]>(candidates.map(({ name }) => [name, []]))
  if (slices.size !== candidates.length) throw new RangeError(`${title}: two candidates share a name`)
  for (let round = 0; round < rounds; round++) {
    for (const candidate of rotated(candidates, round)) {
      options.onSlice(title, candidate.name, round)
      const slice = await measureOne(candidate, { concurrency, warmupMs, durationMs, serverPid })
      slices.get(candidate.name)?.push(slice)
    }
  }
  const baseSlices = slices.get(base) ?? []
  return {
    title,
    concurrency,
    base,
    rounds,
    warmupMs,
    durationMs,
    candidates: [...slices].map(([name, own]) => summarize(name, own, baseSlices)),
  }
}

/** The candidates starting with another one each round. */
export function rotated<Item>(items: readonly Item[], round: number): readonly Item[] {
  const first = items.length === 0 ? 0 : round % items.length
  return [...items.slice(first), ...items.slice(0, first)]
}

async function measureOne(candidate: Candidate, plan: SlicePlan): Promise<Slice> {
  const session = await candidate.open(plan.concurrency)
  try {
    collectGarbage()
    const slice = await session.measure(plan)
    if (slice.events === 0) throw new Error(`${candidate.name} did nothing in ${plan.durationMs} ms`)
    await session.check(slice.acknowledgedEvents)
    return slice
  } finally {
    await session.close()
  }
}

/** What is told of a candidate, from its slices and the base's of the same rounds. */
export function summarize(name: string, slices: readonly Slice[], base: readonly Slice[]): CandidateResult {
  const rates = slices.map(rateOf)
  const nodeCpu = slices.map(nodeCpuPerEvent)
  const serverCpu = slices.flatMap(({ serverCpuUs, events }) =>
    serverCpuUs === undefined ? [] : [serverCpuUs / events],
  )
  const byRate = slices.toSorted((a, b) => rateOf(a) - rateOf(b))
  const latencies = (byRate[Math.floor(byRate.length / 2)]?.latenciesUs ?? new Float64Array()).toSorted()
  return {
    name,
    eventsPerSecond: spreadOf(rates),
    ratio: ratioSpread(rates, base.map(rateOf)),
    latencyUs: {
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      max: quantile(latencies, 1),
    },
    nodeCpuUsPerEvent: spreadOf(nodeCpu),
    nodeCpuUsOverBase: differenceSpread(nodeCpu, base.map(nodeCpuPerEvent)),
    serverCpuUsPerEvent: serverCpu.length === 0 ? undefined : spreadOf(serverCpu),
    events: slices.reduce((sum, { events }) => sum + events, 0),
  }
}

function rateOf({ events, elapsedMs }: Slice): number {
  return (events / elapsedMs) * 1000
}

function nodeCpuPerEvent({ nodeCpuUs, events }: Slice): number {
  return nodeCpuUs / events
}
