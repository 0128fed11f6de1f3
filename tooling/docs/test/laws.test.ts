import { LAWS } from '@eventspine/conformance'
import { describe, expect, it } from 'vitest'
import { casesOf, isLaw } from '../src/law-cases.ts'
import { readText } from '../src/repository.ts'

const guarantees = readText('docs/guarantees.md')
const sections = [...guarantees.matchAll(/^### ([A-Z]\d+)$/gm)].map((match) => match[1] ?? '')

describe('docs/guarantees.md', () => {
  it('has a section for every law of the kit, in order', () => {
    expect(sections).toEqual(Object.keys(LAWS))
  })

  it.for(sections)('names the cases of %s and no other law’s under it', (law) => {
    const section = guarantees.split(`\n### ${law}\n`)[1]?.split(/^##/m)[0] ?? ''
    expect(section).toContain(`<!-- generated: cases ${law} -->`)
    expect(section.match(/<!-- generated: cases /g)?.length).toBe(1)
  })

  it.for(sections)('promises with %s nothing that no case proves', (law) => {
    expect(isLaw(law) ? casesOf(law) : []).not.toEqual([])
  })
})
