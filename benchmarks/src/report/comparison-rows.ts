import type { CandidateResult, ComparisonResult } from '../harness/compare.ts'
import type { Spread } from '../harness/statistics.ts'

/** Column heads of {@link comparisonRows}. */
export const columns = [
  'candidate',
  'events/s',
  '× base (min–max)',
  'p50 µs',
  'p99 µs',
  'CPU µs/event: node',
  'server',
  'node over base',
] as const

/** A comparison as rows of text, the base marked. */
export function comparisonRows(result: ComparisonResult): readonly (readonly string[])[] {
  return result.candidates.map((candidate) => candidateRow(candidate, candidate.name === result.base))
}

function candidateRow(candidate: CandidateResult, isBase: boolean): readonly string[] {
  const { name, eventsPerSecond, ratio, latencyUs, nodeCpuUsPerEvent, nodeCpuUsOverBase } = candidate
  const server = candidate.serverCpuUsPerEvent
  return [
    name,
    wholeNumber(eventsPerSecond.median),
    isBase ? '1 (base)' : spreadText(ratio),
    figure(latencyUs.p50),
    figure(latencyUs.p99),
    figure(nodeCpuUsPerEvent.median),
    server === undefined ? '–' : figure(server.median),
    isBase ? '' : spreadText(nodeCpuUsOverBase),
  ]
}

function spreadText({ median, min, max }: Spread): string {
  return `${figure(median)} (${figure(min)} – ${figure(max)})`
}

/** Three digits, as many as a median of some rounds can bear. */
export function figure(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return wholeNumber(value)
  return value.toFixed(size >= 10 ? 1 : 2)
}

function wholeNumber(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
