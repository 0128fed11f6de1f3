import { describe, expect, it } from 'vitest'
import { parseCommandLine } from '../src/command-line.ts'
import { figure } from '../src/report/comparison-rows.ts'
import { markdownTable, withResults } from '../src/report/readme.ts'

describe('figure', () => {
  it('shows three digits, and a separator where there are more', () => {
    expect(figure(0.123)).toBe('0.12')
    expect(figure(12.34)).toBe('12.3')
    expect(figure(-1234.6)).toBe('-1,235')
  })
})

describe('markdownTable', () => {
  it('pads its columns, figures to the right', () => {
    expect(markdownTable(['name', 'rate'], [['a', '1,000']])).toBe(
      '| name |  rate |\n| ---- | ----: |\n| a    | 1,000 |',
    )
  })
})

describe('withResults', () => {
  it('refuses a text that has no place for results', () => {
    expect(() => withResults('# Benchmarks', [])).toThrow('no place for results')
  })
})

describe('parseCommandLine', () => {
  it('takes standards that a quick look lowers and a figure given overrides', () => {
    expect(parseCommandLine(['memory'])).toMatchObject({ rounds: 5, durationMs: 1000, warmupMs: 400 })
    expect(parseCommandLine(['memory', '--quick', '--rounds', '7'])).toMatchObject({
      rounds: 7,
      durationMs: 300,
      quick: true,
    })
  })

  it('refuses what is no whole number, no target and two of them', () => {
    expect(() => parseCommandLine(['memory', '--rounds', '0'])).toThrow('--rounds takes a whole number')
    expect(() => parseCommandLine(['memory', '--ms', 'fast'])).toThrow('--ms')
    expect(() => parseCommandLine([])).toThrow('name one target')
    expect(() => parseCommandLine(['memory', 'postgres'])).toThrow('name one target')
    expect(() => parseCommandLine(['memory', '--unknown'])).toThrow('unknown')
  })
})
