import { describe, expect, it } from 'vitest'
import { countVitest, type VitestReport } from './vitest-report.ts'

const clean: VitestReport = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 1,
  numTodoTests: 1,
  testResults: [{ name: 'a.test.ts', status: 'passed', assertionResults: [{ status: 'passed' }] }],
}

describe('the count of a vitest run', () => {
  it('takes the tests as reported', () => {
    expect(countVitest(clean, 0)).toEqual({ passed: 3, failed: 0, skipped: 2 })
    const failing = { ...clean, numFailedTests: 2 }
    expect(countVitest(failing, 1)).toEqual({ passed: 3, failed: 2, skipped: 2 })
  })

  it('is one failure where the runner left no report', () => {
    expect(countVitest(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })

  it('counts a file that could not be loaded', () => {
    const broken = { name: 'b.test.ts', status: 'failed', assertionResults: [] }
    const report = { ...clean, testResults: [...clean.testResults, broken] }
    expect(countVitest(report, 1).failed).toBe(1)
  })

  it('counts a bad end that no test explains', () => {
    expect(countVitest(clean, 1).failed).toBe(1)
    expect(countVitest(clean, undefined).failed).toBe(1)
  })
})
