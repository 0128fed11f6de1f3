import { relayBlowTitles, type RelayBlow } from './relay-blow.ts'
import type { RelayTortureResult } from './run-relay-torture.ts'

const kinds = ['lost', 'doubled', 'reordered', 'phantom'] as const

/** The table of a whole run. */
export function relaySummaryLines(
  { rounds, events, violations }: RelayTortureResult,
  blows: readonly RelayBlow[],
): readonly string[] {
  const rows: readonly (readonly [string, string])[] = [
    ['rounds', String(rounds.length)],
    ...blows.map((blow): readonly [string, string] => {
      const ofBlow = rounds.filter((round) => round.blow === blow)
      return [`  ${relayBlowTitles[blow]}`, String(ofBlow.filter(({ hit }) => hit).length)]
    }),
    ['events relayed', String(events)],
    ...kinds.map((kind): readonly [string, string] => [
      kind,
      String(violations.filter((violation) => violation.kind === kind).length),
    ]),
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}
