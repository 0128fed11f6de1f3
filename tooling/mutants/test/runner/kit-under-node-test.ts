import { describe, it } from 'node:test'
import { testDocumentStore } from '@eventspine/conformance'
import { allMutants, openMutant } from '../../src/index.ts'

/** The kit under Node's own runner, on the mutant whose id is the argument. */
const mutant = allMutants.find(({ id }) => id === process.argv[2])
if (mutant === undefined) throw new Error(`there is no mutant ${process.argv[2]}`)

testDocumentStore({
  name: mutant.id,
  describe: (name, body) => void describe(name, body),
  it: (name, body, timeoutMs) => void it(name, timeoutMs === undefined ? {} : { timeout: timeoutMs }, body),
  open: openMutant(mutant),
})
