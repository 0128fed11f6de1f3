import assert from 'node:assert/strict'
import { relayCases, runCase, streamCases } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { competeMutants, logMutants, openMutant, relayMutants } from '../src/index.ts'

const mutants = [...logMutants, ...relayMutants, ...competeMutants]
const cases = new Map([...streamCases, ...relayCases].map((testCase) => [testCase.id, testCase]))
const named = [...new Set(mutants.flatMap(({ killedBy }) => killedBy))]

async function run(caseId: string, open: ReturnType<typeof openMutant>, patienceMs: number): Promise<void> {
  const testCase = cases.get(caseId)
  assert.ok(testCase !== undefined, `the kit has no case ${caseId}`)
  // What comes at all comes within moments here, and waiting in vain is what many mutants are caught by.
  await runCase(testCase, { name: 'mutant', open, patienceMs })
}

describe('a broken log', () => {
  for (const mutant of mutants) {
    for (const caseId of mutant.killedBy) {
      it.concurrent(`${mutant.id}, which ${mutant.breaks}, is caught by ${caseId}`, async () => {
        await assert.rejects(
          run(caseId, openMutant(mutant), 2_000),
          (error: Error) => error.message.startsWith(`mutant: ${caseId} failed`),
          `${mutant.id} survived ${caseId}`,
        )
      }, 260_000)
    }
  }
})

describe('the unbroken log', () => {
  for (const caseId of named)
    it(`passes ${caseId}`, () => run(caseId, openMutant(undefined, 'log'), 10_000), 260_000)
})

describe('the laws that a log is held to', () => {
  it('are each proved by a case that catches the mutant that breaks it', () => {
    for (const { id, law, killedBy } of mutants) {
      const proving = killedBy.filter((caseId) => cases.get(caseId)?.laws.some((proven) => proven === law))
      assert.ok(proving.length > 0, `${id} is caught, but by no case of its law`)
    }
  })
})
