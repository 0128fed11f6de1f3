import Table from 'cli-table3'
import type { ComparisonResult } from '../harness/compare.ts'
import { columns, comparisonRows } from './comparison-rows.ts'

/** Prints a comparison as a table. */
export function printComparison(result: ComparisonResult): void {
  const table = new Table({
    head: [...columns],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  })
  for (const row of comparisonRows(result)) table.push([...row])
  process.stdout.write(`\n${result.title}\n${table.toString()}\n`)
}

/** Tells people at a terminal what is under way; a log is spared it. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`)
}

/** Clears the line of {@link showProgress}. */
export function endProgress(): void {
  showProgress('')
}
