import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { markdownTable } from '../report/readme.ts'
import type { ContenderEntry } from './contenders.ts'
import type { Verdict } from './trial.ts'
import { trials } from './trials.ts'

/** The verdicts on a contender, by the id of the trial. */
export interface LeagueResult {
  readonly entry: ContenderEntry
  readonly verdicts: ReadonlyMap<string, Verdict>
}

const START = '<!-- verdicts: written by `npm run league -- --write` -->'
const END = '<!-- end of verdicts -->'
const page = fileURLToPath(new URL('../../../docs/league.md', import.meta.url))

/** A row a trial, a column a contender. */
export function leagueTable(results: readonly LeagueResult[]): string {
  const shown = trials.filter(({ id }) => results.some(({ verdicts }) => verdicts.has(id)))
  return markdownTable(
    ['trial', ...results.map(({ entry }) => entry.name)],
    shown.map(({ id }) => [id, ...results.map(({ verdicts }) => verdicts.get(id)?.outcome ?? '–')]),
  )
}

/** Writes verdicts and evidence into the page, so that nothing there was copied by hand. Returns its path. */
export async function writeLeaguePage(results: readonly LeagueResult[]): Promise<string> {
  const text = await readFile(page, 'utf8')
  const start = text.indexOf(START)
  const end = text.indexOf(END)
  if (start < 0 || end < start) throw new Error(`docs/league.md has no place for verdicts: ${START} … ${END}`)
  const parts = [leagueTable(results), ...results.map(evidenceOf)]
  await writeFile(page, `${text.slice(0, start)}${START}\n\n${parts.join('\n\n')}\n\n${text.slice(end)}`)
  return page
}

function evidenceOf({ entry, verdicts }: LeagueResult): string {
  const remark = entry.remark === undefined ? '' : `As run: ${entry.remark}.\n\n`
  const lines = [...verdicts].map(([id, { outcome, evidence }]) => `- \`${id}\`: **${outcome}**, ${evidence}`)
  return `### ${entry.name}\n\n${remark}${lines.join('\n')}`
}
