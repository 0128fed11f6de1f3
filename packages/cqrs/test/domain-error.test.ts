import { expect, expectTypeOf, test } from 'vitest'
import { DomainError, domainError } from '../src/index.ts'

test('a domain error carries its code and data, and narrows on its code', () => {
  const error: unknown = domainError('INSUFFICIENT_FUNDS', 'the balance is 5.00', { cents: 500 })
  expect(DomainError.is(error)).toBe(true)
  expect(DomainError.is(error, 'ACCOUNT_CLOSED')).toBe(false)
  expect(error).toMatchObject({ name: 'DomainError', code: 'INSUFFICIENT_FUNDS', data: { cents: 500 } })
  if (!DomainError.is(error, 'INSUFFICIENT_FUNDS')) throw new Error('not recognised')
  expectTypeOf(error.code).toEqualTypeOf<'INSUFFICIENT_FUNDS'>()
  expect(error.message).toBe('the balance is 5.00')
})

test('users may extend it', () => {
  class InsufficientFunds extends DomainError<'INSUFFICIENT_FUNDS', { readonly cents: number }> {
    override readonly name = 'InsufficientFunds'

    constructor(cents: number) {
      super('INSUFFICIENT_FUNDS', `the balance is ${cents / 100}`, { cents })
    }
  }
  const error = new InsufficientFunds(500)
  expect(DomainError.is(error, 'INSUFFICIENT_FUNDS')).toBe(true)
  expect(String(error)).toBe('InsufficientFunds: the balance is 5')
})

test('other errors are none', () => {
  for (const other of [
    new Error('INSUFFICIENT_FUNDS'),
    { code: 'INSUFFICIENT_FUNDS' },
    null,
    'x',
    undefined,
  ]) {
    expect(DomainError.is(other)).toBe(false)
  }
})
