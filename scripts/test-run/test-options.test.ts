import { describe, expect, it } from 'vitest'
import { chosenSteps } from './steps.ts'
import { parseTestOptions } from './test-options.ts'

function namesFor(...words: readonly string[]): readonly string[] {
  return chosenSteps(parseTestOptions(words, ['lint', 'unit'])).map(({ name }) => name)
}

describe('the options of npm test', () => {
  it('ask for everything unless told otherwise', () => {
    const names = namesFor()
    for (const name of ['build', 'typecheck', 'lint', 'unit', 'types', 'integration', 'packed-install']) {
      expect(names).toContain(name)
    }
    expect(parseTestOptions([], []).only).toBeUndefined()
  })

  it('leave out servers and the packed install when it must be quick', () => {
    expect(parseTestOptions(['--quick'], []).only).toEqual(['memory'])
    expect(namesFor('--quick')).not.toContain('packed-install')
    expect(namesFor('--quick')).not.toContain('integration')
  })

  it('name the backends', () => {
    expect(parseTestOptions(['--only', 'memory,postgres'], []).only).toEqual(['memory', 'postgres'])
    expect(namesFor('--only', 'memory')).not.toContain('integration')
    expect(namesFor('--no-install-check')).not.toContain('packed-install')
  })

  it('name the steps, or go to vitest alone', () => {
    expect(namesFor('--steps', 'unit,lint')).toEqual(['lint', 'unit'])
    const packed = parseTestOptions(['--steps', 'packed-install'], ['packed-install'])
    expect(chosenSteps(packed).map(({ name }) => name)).toEqual(['build', 'pack', 'packed-install'])
    expect(namesFor('-t', 'appends')).toEqual(['vitest'])
    expect(namesFor('packages/core')).toEqual(['vitest'])
  })

  it('must be known', () => {
    expect(() => parseTestOptions(['--fast'], [])).toThrow(TypeError)
    expect(() => parseTestOptions(['--steps', 'lint,magic'], ['lint'])).toThrow('no step is called "magic"')
    expect(() => parseTestOptions(['--only', 'memory,oracle'], [])).toThrow('"oracle" is no backend')
    expect(() => parseTestOptions(['--seed', 'x'], [])).toThrow('--seed takes a whole number')
  })
})
