import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { columns, comparisonRows } from './comparison-rows.ts'
import { benchmarksDirectory } from './directories.ts'
import { type BenchResult, latestResults } from './result-file.ts'

const START = '<!-- results: written by `npm run bench -- report` -->'
const END = '<!-- end of results -->'

/** Writes the latest results into the README, so that no figure there was copied by hand. Returns its path. */
export async function updateReadme(): Promise<string> {
  const path = join(benchmarksDirectory, 'README.md')
  const text = await readFile(path, 'utf8')
  await writeFile(path, withResults(text, await latestResults()))
  return path
}

/** @throws where the text has no place for results. */
export function withResults(text: string, results: readonly BenchResult[]): string {
  const start = text.indexOf(START)
  const end = text.indexOf(END)
  if (start < 0 || end < start) throw new Error(`the README has no place for results: ${START} … ${END}`)
  const tables = results.map(resultText).join('\n')
  return `${text.slice(0, start)}${START}\n\n${tables}\n${text.slice(end)}`
}

function resultText({ target, startedAt, commit, environment, scenarios }: BenchResult): string {
  const settings = Object.entries(environment).map(([name, value]) => `${name} ${value}`)
  const head = `### ${target}\n\n${startedAt.slice(0, 10)}, commit ${commit}; ${settings.join(', ')}.\n`
  const parts = scenarios.map(({ name, question, comparisons, notes, loadAverageBefore }) => {
    const tables = comparisons.map((comparison) => {
      const { title, rounds, durationMs } = comparison
      const caption = `${title} (${rounds} rounds of ${durationMs} ms)`
      return `${caption}\n\n${markdownTable(columns, comparisonRows(comparison))}\n`
    })
    const remarks = notes.map((note) => `${note}\n`)
    return [
      `#### ${name}\n\n${question} Load before: ${loadAverageBefore.toFixed(1)}.\n`,
      ...tables,
      ...remarks,
    ].join('\n')
  })
  return [head, ...parts].join('\n')
}

/** Padded as the formatter pads, so that it finds nothing to change. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => pad(cells[column] ?? '', width, column)).join(' | ')} |`
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n')
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width)
}
