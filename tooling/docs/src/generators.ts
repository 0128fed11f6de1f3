import { decisionList } from './decision-list.ts'
import type { Generator } from './generated-parts.ts'
import { lawCases } from './law-cases.ts'
import { guaranteesTable, limitsTable } from './manifests.ts'
import { snippet } from './snippets.ts'

/** What may stand behind `<!-- generated:`. */
export const generators: Readonly<Record<string, Generator>> = {
  snippet,
  cases: lawCases,
  guarantees: guaranteesTable,
  limits: limitsTable,
  decisions: decisionList,
}
