import {
  type Case,
  documentCases,
  type Law,
  LAWS,
  payloadCases,
  relayCases,
  storeCases,
  streamCases,
} from '@eventspine/conformance'
import { allMutants } from './all-mutants.ts'
import type { Mutant } from './mutant.ts'

const START = '<!-- laws: written by print-table -->'
const END = '<!-- /laws -->'

/** Every case of the kit, in its order. */
export const allCases: readonly Case[] = [
  ...storeCases,
  ...documentCases,
  ...streamCases,
  ...relayCases,
  ...payloadCases,
]

/** Laws in the order of `docs/guarantees.md`. */
// The keys of LAWS are the laws.
const laws = Object.keys(LAWS) as readonly Law[]

function code(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(', ')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function mutantsOf(law: Law): readonly Mutant[] {
  return allMutants.filter((mutant) => mutant.law === law)
}

function lawLine(law: Law): string {
  const proving = allCases.filter((testCase) => testCase.laws.includes(law)).map(({ id }) => id)
  return `- **${law}**, ${LAWS[law]}: ${code(proving.toSorted())}`
}

function mutantRow({ law, id, breaks, killedBy }: Mutant): readonly string[] {
  return [law, `\`${id.slice(law.length + 1)}\``, breaks, code(killedBy)]
}

/** What proves each law, and what each mutant is caught by, between their marks. */
function renderLawTable(): string {
  const mutants = laws.flatMap((law) => mutantsOf(law))
  return [
    START,
    `${mutants.length} mutants, each caught by every case that its line names:`,
    table(['law', 'mutant', 'a backend that', 'caught by'], mutants.map(mutantRow)),
    `${allCases.length} cases, by the laws that they prove:`,
    laws.map(lawLine).join('\n'),
    END,
  ].join('\n\n')
}

/** A page without the padding that a formatter gives to tables. */
export function unpadded(page: string): string {
  return page.replaceAll(/ {2,}/g, ' ').replaceAll(/-{3,}/g, '---')
}

/** `page` with the tables as they are now. @throws when the page has no place for them. */
export function withLawTable(page: string): string {
  const start = page.indexOf(START)
  const end = page.indexOf(END)
  if (start < 0 || end < start) throw new Error(`the page has no ${START} … ${END}`)
  return page.slice(0, start) + renderLawTable() + page.slice(end + END.length)
}
