import { expect, it } from 'vitest'
import { prefixEnd } from '../src/prefix-end.ts'

const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

it('lies above all that starts with the prefix and at or below all that follows', () => {
  for (const prefix of [
    'a',
    'order:',
    '%',
    '_',
    'é',
    '\u007f',
    '\u07ff',
    '\ud7ff',
    '\uffff',
    '😀',
    'a\u{10ffff}',
  ]) {
    const end = prefixEnd(prefix)
    if (end === undefined) throw new Error(`no end of ${prefix}`)
    for (const rest of ['', 'a', '\u{10ffff}', '\u{10ffff}\u{10ffff}'])
      expect(compare(prefix + rest, end)).toBeLessThan(0)
    expect(end.startsWith(prefix)).toBe(false)
    expect(/\p{Surrogate}/u.test(end)).toBe(false)
  }
})

it('is the very next: nothing without the prefix lies between', () => {
  expect(prefixEnd('a')).toBe('b')
  expect(prefixEnd('a\u{10ffff}')).toBe('b')
  expect(prefixEnd('\ud7ff')).toBe('\ue000')
})

it('is not there for the empty prefix and for one above which nothing lies', () => {
  expect(prefixEnd('')).toBeUndefined()
  expect(prefixEnd('\u{10ffff}')).toBeUndefined()
})
