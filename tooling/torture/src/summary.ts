import type { ViolationKind } from '@eventspine/conformance'
import { blowTitles, type Blow } from './blow.ts'
import type { RoundResult, Tally } from './tally.ts'

const kinds: readonly ViolationKind[] = [
  'lost',
  'doubled',
  'reordered',
  'skipped',
  'phantom',
  'torn',
  'gap',
  'stale',
  'unearned',
  'overlapping',
  'damaged',
  'defect',
]

/** One line about a round. */
export function roundLine(
  number: number,
  rounds: number,
  { blow, hit, inFlight, violations }: RoundResult,
  tookMs: number,
): string {
  const count = String(number).padStart(String(rounds).length)
  const verdict = violations.length === 0 ? 'kept every promise' : `BROKE ${violations.length}`
  const missed = hit ? '' : ' (not reached)'
  const flight = blow === 'paused' ? '' : `, ${inFlight} in flight`
  return `${count}/${rounds}  ${`${blow}${missed}${flight}`.padEnd(34)} ${verdict}  ${(tookMs / 1000).toFixed(1)} s`
}

/** The table of a whole run. */
export function summaryLines(
  tally: Tally,
  blows: readonly Blow[],
  faults: Readonly<Record<string, number>>,
): readonly string[] {
  const { rounds, operations } = tally
  const kills = rounds.filter(({ blow }) => blow !== 'paused')
  const inFlight = rounds.filter((round) => round.inFlight > 0)
  const rows: readonly (readonly [string, string])[] = [
    ['rounds', String(rounds.length)],
    ['kills', `${kills.length}, ${inFlight.length} of them with appends in flight`],
    ...blows.map((blow): readonly [string, string] => {
      const { hits, inFlight } = tally.roundsOf(blow)
      return [
        `  ${blowTitles[blow]}`,
        blow === 'paused' ? String(hits) : `${hits}, ${inFlight} with appends in flight`,
      ]
    }),
    ...faultRows(faults),
    ['commits tried', `${operations.commits}, of ${operations.events} events acknowledged`],
    ['  acknowledged', String(operations.acknowledged)],
    ['  refused', String(operations.refused)],
    [
      '  unknown',
      `${operations.unknown}: by a repeat ${operations.decidedWritten} written, ${operations.decidedRefused} not; ` +
        `${operations.unknown - operations.decidedWritten - operations.decidedRefused} left as they were`,
    ],
    ['events handled', `${operations.handled}, under ${operations.takeovers} leases`],
    ...kinds.map((kind): readonly [string, string] => [kind, String(tally.violations(kind))]),
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

function faultRows(faults: Readonly<Record<string, number>>): readonly (readonly [string, string])[] {
  const all = Object.entries(faults).sort(([a], [b]) => a.localeCompare(b))
  if (all.length === 0) return []
  const sum = all.reduce((total, [, count]) => total + count, 0)
  return [
    ['calls that met a fault', String(sum)],
    ...all.map(([name, count]) => [`  ${name}`, String(count)] as const),
  ]
}
