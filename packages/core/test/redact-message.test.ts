import { expect, test } from 'vitest'
import { redactMessage } from '../src/contract/redact-message.ts'

test('replaces strings and numbers of the data wherever they stand, nested too', () => {
  const data = { owner: { iban: 'DE00 4711' }, cents: [-12.5, 3] }
  expect(redactMessage('received "DE00 4711"', data)).toBe('received "<value>"')
  expect(redactMessage('must be positive (was -12.5)', data)).toBe('must be positive (was <value>)')
  expect(redactMessage('(was {"iban":"DE00 4711"})', data)).toBe('(was {"iban":"<value>"})')
})

test('replaces strings in the form that JSON gives them', () => {
  expect(redactMessage(String.raw`received "a \"b\" \\ c"`, { text: String.raw`a "b" \ c` })).toBe(
    'received "<value>"',
  )
})

test('replaces the longest first, so that no part of a value is left', () => {
  expect(redactMessage('was 4711 0815', ['4711', '4711 0815'])).toBe('was <value>')
})

test('takes values for text, not for patterns', () => {
  expect(redactMessage('was .* and abc', { text: '.*' })).toBe('was <value> and abc')
  expect(redactMessage('was $& or (x)', { a: '$&', b: '(x)' })).toBe('was <value> or <value>')
})

test('keeps bounds, short words and parts of other words', () => {
  expect(redactMessage('expected number to be >0, received 0', { cents: 0 })).toBe(
    'expected number to be >0, received <value>',
  )
  expect(redactMessage('must be a number (was "a")', { note: 'a' })).toBe('must be a number (was "<value>")')
  expect(redactMessage('Cannot be anonymous', { owner: 'Ann' })).toBe('Cannot be anonymous')
})

test('drops a message when there is too much to look for, and cuts one that is too long', () => {
  const many = Array.from({ length: 2000 }, (_, index) => `value ${index}`)
  expect(redactMessage('was value 7', many)).toBe('is refused by its schema')
  expect(redactMessage('x'.repeat(1000), {})).toHaveLength(301)
  expect(redactMessage(undefined, {})).toBe('is refused by its schema')
})

test('looks into bytes and cycles no further than it must', () => {
  const data: Record<string, unknown> = { bytes: new Uint8Array(1_000_000), name: 'secret' }
  data['self'] = data
  expect(redactMessage('was secret', data)).toBe('was <value>')
})
