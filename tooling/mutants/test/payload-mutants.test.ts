import assert from 'node:assert/strict'
import { LAWS, payloadCases, runCase } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openMutant, payloadMutants } from '../src/index.ts'

const cases = new Map(payloadCases.map((testCase) => [testCase.id, testCase]))

async function run(caseId: string, open: ReturnType<typeof openMutant>): Promise<void> {
  const testCase = cases.get(caseId)
  assert.ok(testCase !== undefined, `the kit has no case ${caseId}`)
  await runCase(testCase, { name: 'mutant', open })
}

describe('a broken claim check', () => {
  for (const mutant of payloadMutants) {
    for (const caseId of mutant.killedBy) {
      it.concurrent(`${mutant.id}, which ${mutant.breaks}, is caught by ${caseId}`, async () => {
        await assert.rejects(
          run(caseId, openMutant(mutant)),
          (error: Error) => error.message.startsWith(`mutant: ${caseId} failed`),
          `${mutant.id} survived ${caseId}`,
        )
      }, 80_000)
    }
  }
})

describe('the unbroken claim check', () => {
  for (const caseId of cases.keys()) {
    it(`passes ${caseId}`, () => run(caseId, openMutant(undefined, 'payloads')), 80_000)
  }
})

describe('the laws of payloads', () => {
  for (const law of Object.keys(LAWS).filter((name) => name.startsWith('P'))) {
    it(`${law} is broken by a mutant, which a case of that law catches`, () => {
      const breaking = payloadMutants.filter((mutant) => mutant.law === law)
      assert.ok(breaking.length > 0, `no mutant breaks ${law}`)
      for (const { id, killedBy } of breaking) {
        const proving = killedBy.filter((caseId) => cases.get(caseId)?.laws.some((proven) => proven === law))
        assert.ok(proving.length > 0, `${id} is caught, but by no case of its law`)
      }
    })
  }
})
