import { describe, it } from 'node:test'
import { testDocumentStore } from '@eventspine/conformance'
import { allMutants, openMutant } from '../../src/index.ts'

/** The kit under Node's own runner; with the id of a mutant as its argument, on that one. */
const mutantId = process.argv[2]
const mutant = allMutants.find(({ id }) => id === mutantId)
if (mutantId !== undefined && mutant === undefined) throw new Error(`there is no mutant ${mutantId}`)

testDocumentStore({
  name: mutantId ?? 'memory',
  describe: (name, body) => void describe(name, body),
  it: (name, body, timeoutMs) => void it(name, timeoutMs === undefined ? {} : { timeout: timeoutMs }, body),
  open: openMutant(mutant),
})
