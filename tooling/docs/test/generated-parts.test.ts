import { describe, expect, it } from 'vitest'
import { fillGeneratedParts } from '../src/generated-parts.ts'
import { generators } from '../src/generators.ts'
import { markdownFiles, readText } from '../src/repository.ts'

describe('the generated parts of the documentation', () => {
  it.for(markdownFiles())('are up to date in %s', (path) => {
    const text = readText(path)
    expect(text, 'run: npm run docs').toBe(fillGeneratedParts(text, generators))
  })
})

describe('filling generated parts', () => {
  const echo = { echo: (argument: string) => `said ${argument}` }

  it('replaces what stands between the markers, once and again', () => {
    const text = 'a\n<!-- generated: echo this#part -->\nold\n<!-- /generated -->\nb\n'
    const filled = 'a\n<!-- generated: echo this#part -->\n\nsaid this#part\n\n<!-- /generated -->\nb\n'
    expect(fillGeneratedParts(text, echo)).toBe(filled)
    expect(fillGeneratedParts(filled, echo)).toBe(filled)
  })

  it('refuses a kind that nobody generates', () => {
    expect(() => fillGeneratedParts('<!-- generated: other -->\n<!-- /generated -->', echo)).toThrow(
      '"other"',
    )
  })

  it('refuses a marker without its partner', () => {
    expect(() => fillGeneratedParts('<!-- generated: echo x -->\nold\n', echo)).toThrow('partner')
    expect(() => fillGeneratedParts('old\n<!-- /generated -->\n', echo)).toThrow('partner')
  })
})
