import assert from 'node:assert/strict'
import { documentCases, LAWS, runCase, storeCases } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { documentMutants, openMutant, storeMutants } from '../src/index.ts'

const cases = new Map([...storeCases, ...documentCases].map((testCase) => [testCase.id, testCase]))
const mutants = [...storeMutants, ...documentMutants]
const named = [...new Set(mutants.flatMap(({ killedBy }) => killedBy))]

async function run(caseId: string, open: ReturnType<typeof openMutant>): Promise<void> {
  const testCase = cases.get(caseId)
  assert.ok(testCase !== undefined, `the kit has no case ${caseId}`)
  await runCase(testCase, { name: 'mutant', open, reference: openMutant(undefined) })
}

describe('a broken store', () => {
  for (const mutant of mutants) {
    for (const caseId of mutant.killedBy) {
      it.concurrent(`${mutant.id}, which ${mutant.breaks}, is caught by ${caseId}`, async () => {
        const open = openMutant(mutant)
        await assert.rejects(
          run(caseId, open),
          (error: Error) => error.message.startsWith(`mutant: ${caseId} failed`),
          `${mutant.id} survived ${caseId}`,
        )
      }, 80_000)
    }
  }
})

describe('the unbroken store', () => {
  for (const caseId of named) {
    it(`passes ${caseId}`, () => run(caseId, openMutant(undefined)), 80_000)
  }
  it('passes positions/expired also when its feed lets old events go', () =>
    run('positions/expired', openMutant(undefined, 'trimmed')))
})

describe('the laws of store and documents', () => {
  for (const law of Object.keys(LAWS).filter((name) => /^[ARDFK]/.test(name))) {
    it(`${law} is broken by a mutant, which a case of that law catches`, () => {
      const breaking = mutants.filter((mutant) => mutant.law === law)
      assert.ok(breaking.length > 0, `no mutant breaks ${law}`)
      for (const { id, killedBy } of breaking) {
        const proving = killedBy.filter((caseId) => cases.get(caseId)?.laws.some((proven) => proven === law))
        assert.ok(proving.length > 0, `${id} is caught, but by no case of its law`)
      }
    })
  }
})
