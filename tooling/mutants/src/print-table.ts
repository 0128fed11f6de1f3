import { readFileSync, writeFileSync } from 'node:fs'
import { withLawTable } from './law-table.ts'

/** Writes the tables of laws, cases and mutants into the page that shows them. */
const page = new URL('../../../docs/conformance.md', import.meta.url)
const before = readFileSync(page, 'utf8')
const after = withLawTable(before)
writeFileSync(page, after)
process.stdout.write(after === before ? 'the tables are up to date\n' : 'the tables were written anew\n')
