import type { HistoryRecord, Violation, ViolationKind } from '@eventspine/conformance'
import type { Blow } from './blow.ts'

/** What came of one round. */
export interface RoundResult {
  readonly blow: Blow
  /** It happened at the point it was meant for. */
  readonly hit: boolean
  /** Appends that were under way when it happened. */
  readonly inFlight: number
  readonly violations: readonly Violation[]
}

/** Adds up what all rounds have shown. */
export class Tally {
  readonly #rounds: RoundResult[] = []
  /** Of stores that are done with. */
  #operations: OperationCounts = NONE
  /** Of the store in use. */
  #current: OperationCounts = NONE

  addRound(round: RoundResult): void {
    this.#rounds.push(round)
  }

  /** Counts a store's history from its start. */
  countHistory(records: readonly HistoryRecord[]): void {
    this.#current = countOperations(records)
  }

  /** The next history is that of another store. */
  nextStore(): void {
    this.#operations = this.operations
    this.#current = NONE
  }

  get rounds(): readonly RoundResult[] {
    return this.#rounds
  }

  get operations(): OperationCounts {
    return addCounts(this.#operations, this.#current)
  }

  roundsOf(blow: Blow): { readonly hits: number; readonly inFlight: number } {
    const rounds = this.#rounds.filter((round) => round.blow === blow)
    return {
      hits: rounds.filter(({ hit }) => hit).length,
      inFlight: rounds.filter(({ inFlight }) => inFlight > 0).length,
    }
  }

  violations(kind: ViolationKind): number {
    return this.#rounds.flatMap(({ violations }) => violations).filter((violation) => violation.kind === kind)
      .length
  }
}

export interface OperationCounts {
  readonly commits: number
  readonly events: number
  readonly acknowledged: number
  readonly refused: number
  /** At least one try of it had an outcome that nobody knew. */
  readonly unknown: number
  readonly decidedWritten: number
  readonly decidedRefused: number
  readonly handled: number
  readonly takeovers: number
}

const NONE: OperationCounts = {
  commits: 0,
  events: 0,
  acknowledged: 0,
  refused: 0,
  unknown: 0,
  decidedWritten: 0,
  decidedRefused: 0,
  handled: 0,
  takeovers: 0,
}

function addCounts(a: OperationCounts, b: OperationCounts): OperationCounts {
  const sum = (key: keyof OperationCounts): number => a[key] + b[key]
  return {
    commits: sum('commits'),
    events: sum('events'),
    acknowledged: sum('acknowledged'),
    refused: sum('refused'),
    unknown: sum('unknown'),
    decidedWritten: sum('decidedWritten'),
    decidedRefused: sum('decidedRefused'),
    handled: sum('handled'),
    takeovers: sum('takeovers'),
  }
}

interface Tries {
  invocations: number
  returns: number
  unknown: boolean
  acknowledged: boolean
  conflict: boolean
  readonly events: number
}

function countOperations(records: readonly HistoryRecord[]): OperationCounts {
  const tries = new Map<string, Tries>()
  let handled = 0
  let takeovers = 0
  for (const record of records) {
    if (record.kind === 'handled') handled++
    if (record.kind === 'owned') takeovers++
    if (record.kind !== 'invoke') continue
    const known = tries.get(record.operation)
    if (known !== undefined) known.invocations++
    else {
      const events = record.streams.reduce((sum, { ids }) => sum + ids.length, 0)
      tries.set(record.operation, {
        invocations: 1,
        returns: 0,
        unknown: false,
        acknowledged: false,
        conflict: false,
        events,
      })
    }
  }
  for (const record of records) {
    if (record.kind !== 'ok' && record.kind !== 'failed' && record.kind !== 'unknown') continue
    const tried = tries.get(record.operation)
    if (tried === undefined) continue
    tried.returns++
    if (record.kind === 'ok') tried.acknowledged = true
    else if (record.kind === 'unknown') tried.unknown = true
    else if (record.code === 'VERSION_CONFLICT') tried.conflict = true
  }
  const all = [...tries.values()]
  const doubtful = all.filter(({ unknown, invocations, returns }) => unknown || returns < invocations)
  return {
    commits: all.length,
    events: all.filter(({ acknowledged }) => acknowledged).reduce((sum, { events }) => sum + events, 0),
    acknowledged: all.filter(({ acknowledged }) => acknowledged).length,
    refused:
      all.length -
      doubtful.length -
      all.filter((tried) => tried.acknowledged && !doubtful.includes(tried)).length,
    unknown: doubtful.length,
    decidedWritten: doubtful.filter(({ acknowledged }) => acknowledged).length,
    decidedRefused: doubtful.filter(({ acknowledged, conflict }) => !acknowledged && conflict).length,
    handled,
    takeovers,
  }
}
