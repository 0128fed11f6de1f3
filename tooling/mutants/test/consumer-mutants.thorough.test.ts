import assert from 'node:assert/strict'
import { LAWS, runCase, streamCases } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openMutant, streamMutants } from '../src/index.ts'

const cases = new Map(streamCases.map((testCase) => [testCase.id, testCase]))
const named = [...new Set(streamMutants.flatMap(({ killedBy }) => killedBy))]

async function run(caseId: string, open: ReturnType<typeof openMutant>, patienceMs: number): Promise<void> {
  const testCase = cases.get(caseId)
  assert.ok(testCase !== undefined, `the kit has no case ${caseId}`)
  // What comes at all comes within moments here, and waiting in vain is what many mutants are caught by.
  await runCase(testCase, { name: 'mutant', open, patienceMs })
}

describe('a broken stream', () => {
  for (const mutant of streamMutants) {
    for (const caseId of mutant.killedBy) {
      it.concurrent(`${mutant.id}, which ${mutant.breaks}, is caught by ${caseId}`, async () => {
        await assert.rejects(
          run(caseId, openMutant(mutant), 2_000),
          (error: Error) => error.message.startsWith(`mutant: ${caseId} failed`),
          `${mutant.id} survived ${caseId}`,
        )
      }, 150_000)
    }
  }
})

describe('the unbroken stream', () => {
  for (const caseId of named)
    it(`passes ${caseId}`, () => run(caseId, openMutant(undefined), 10_000), 150_000)
})

describe('the laws of publishing and consuming', () => {
  for (const law of Object.keys(LAWS).filter((name) => /^[SC]/.test(name))) {
    it(`${law} is broken by a mutant, which a case of that law catches`, () => {
      const breaking = streamMutants.filter((mutant) => mutant.law === law)
      assert.ok(breaking.length > 0, `no mutant breaks ${law}`)
      for (const { id, killedBy } of breaking) {
        const proving = killedBy.filter((caseId) => cases.get(caseId)?.laws.some((proven) => proven === law))
        assert.ok(proving.length > 0, `${id} is caught, but by no case of its law`)
      }
    })
  }
})
