import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const folder = new URL('../src/', import.meta.url)

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ts'),
)

/** The text between the brackets that open at `start`. */
function argumentsFrom(source: string, start: number): string {
  let depth = 0
  for (let index = start; index < source.length; index++) {
    if ('([{'.includes(source[index] ?? '')) depth++
    else if (')]}'.includes(source[index] ?? '')) depth--
    if (depth === 0) return source.slice(start + 1, index)
  }
  throw new Error('the brackets do not close')
}

/** Whether there is a comma outside of all brackets, that is, a second argument. */
function hasMessage(text: string): boolean {
  const inner = text.replace(/,\s*$/, '')
  let depth = 0
  for (const character of inner) {
    if ('([{'.includes(character)) depth++
    else if (')]}'.includes(character)) depth--
    else if (character === ',' && depth === 0) return true
  }
  return false
}

describe('assertions of the kit', () => {
  // Without a message node:assert reads the source to make one. In translated code it looks in the wrong place, and
  // a failure can loop for ever on Node 20 instead of being told: the case would hang, not fail.
  it('say what they mean wherever they are only a condition', () => {
    expect(files.length).toBeGreaterThan(50)
    const silent = files.flatMap((path) => {
      const source = readFileSync(new URL(path, folder), 'utf8')
      return [...source.matchAll(/\bassert(?:\.ok)?\(/g)].flatMap(({ index, 0: call }) => {
        const line = source.slice(0, index).split('\n').length
        return hasMessage(argumentsFrom(source, index + call.length - 1)) ? [] : [`${path}:${line}`]
      })
    })
    expect(silent).toEqual([])
  })
})
