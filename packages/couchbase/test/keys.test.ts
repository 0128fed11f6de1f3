import { describe, expect, it } from 'vitest'
import { checkName, documentName, Keys } from '../src/keys.ts'

const keys = new Keys('p'.repeat(50))

describe('keys', () => {
  it('have at most 245 bytes, however long the names are', () => {
    for (const name of ['x'.repeat(255), '€'.repeat(85), '🦄'.repeat(63)]) {
      for (const key of [
        keys.commit(name, Number.MAX_SAFE_INTEGER),
        keys.stream(name),
        keys.document('c'.repeat(100), 1023, name),
        keys.directory('€'.repeat(33), 1023, 15),
      ])
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(245)
    }
  })

  it('are the names themselves as long as these fit', () => {
    const short = new Keys('bank')
    expect(short.commit('bank-account:42', 3)).toBe('bank:c:3:bank-account:42')
    expect(short.stream('bank-account:42')).toBe('bank:s:bank-account:42')
    expect(short.page(0, 12)).toBe('bank:f:0:12')
    expect(short.document('notes', 2, 'a')).toBe('bank:d:2:5:notes:a')
    expect(short.directory('notes', 2, 15)).toBe('bank:k:2:15:notes')
    expect(short.pageHint(2)).toBe('bank:l:2')
    expect(short.manifest).toBe('bank:manifest')
    expect(short.commit('x'.repeat(236), 1)).toBe(`bank:c:1:${'x'.repeat(236)}`)
    expect(short.commit('x'.repeat(237), 1)).toMatch(/^bank:c:1:\u0001[\w-]{43}$/)
  })

  it('differ for names that differ, in whatever they differ', () => {
    const names = ['x'.repeat(254), 'x'.repeat(255), `${'x'.repeat(254)}y`]
    expect(new Set(names.map((name) => keys.commit(name, 1))).size).toBe(3)
    expect(documentName('a', 'b:c')).not.toBe(documentName('a:b', 'c'))
  })

  it('with a hash are held against the name that is stored', () => {
    expect(() => checkName('a', 'a')).not.toThrow()
    expect(() => checkName('b', 'a')).toThrow(expect.objectContaining({ code: 'BACKEND_FAILED' }))
  })
})
