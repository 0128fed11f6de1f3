import { describe, expect, it } from 'vitest'
import { readText } from '../src/repository.ts'

/** The members of the union, as the source of core writes them. */
function codesOfCore(): readonly string[] {
  const source = readText('packages/core/src/error.ts')
  const union = /export type EventStoreErrorCode =\n((?:  \| '[A-Z_]+'\n)+)/.exec(source)?.[1] ?? ''
  return [...union.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1] ?? '')
}

const sections = readText('docs/errors.md').split(/^## /m).slice(1)

describe('docs/errors.md', () => {
  it('has one section for each code, in the order of the union', () => {
    expect(codesOfCore().length).toBeGreaterThan(20)
    expect(sections.map((section) => section.split('\n')[0])).toEqual(codesOfCore())
  })

  it.for(sections)('says when, what was written, whether to repeat, and what to do', (section) => {
    for (const word of ['When', 'Written', 'Retryable', 'What to do'])
      expect(section).toContain(`**${word}.**`)
  })
})
