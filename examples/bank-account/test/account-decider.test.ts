import type { DomainEventOf } from '@eventspine/core'
import { DomainError } from '@eventspine/cqrs'
import { describe, expect, test } from 'vitest'
import type { account } from '../src/account.ts'
import { type Account, type AccountCommand, accountDecider } from '../src/account-decider.ts'

type Event = DomainEventOf<typeof account>

const opened: Event = { type: 'AccountOpened', data: { owner: 'Ada' } }
const closed: Event = { type: 'AccountClosed', data: {} }
const deposited = (cents: number): Event => ({ type: 'MoneyDeposited', data: { cents } })
const withdrawn = (cents: number): Event => ({ type: 'MoneyWithdrawn', data: { cents } })

function stateAfter(events: readonly Event[]): Account {
  return events.reduce<Account>(accountDecider.evolve, accountDecider.initialState())
}

function decide(given: readonly Event[], command: AccountCommand): unknown {
  return accountDecider.decide(command, stateAfter(given))
}

function refusal(
  given: readonly Event[],
  command: AccountCommand,
): { code: string; data: unknown } | undefined {
  try {
    decide(given, command)
  } catch (error) {
    if (!DomainError.is(error)) throw error
    return { code: error.code, data: error.data }
  }
  return undefined
}

const deposit = (cents: number): AccountCommand => ({ type: 'DepositMoney', cents })
const withdraw = (cents: number): AccountCommand => ({ type: 'WithdrawMoney', cents })
const open: AccountCommand = { type: 'OpenAccount', owner: 'Ada' }
const close: AccountCommand = { type: 'CloseAccount' }

describe('an account', () => {
  test('has as balance what was deposited less what was withdrawn', () => {
    expect(stateAfter([opened, deposited(500), withdrawn(120), deposited(1)])).toEqual({
      status: 'open',
      cents: 381,
    })
    expect(stateAfter([])).toEqual({ status: 'unknown', cents: 0 })
    expect(stateAfter([opened, closed]).status).toBe('closed')
  })

  test('is opened, filled, emptied and closed', () => {
    expect(decide([], open)).toEqual(opened)
    expect(decide([opened], deposit(500))).toEqual(deposited(500))
    expect(decide([opened, deposited(500)], withdraw(500))).toEqual(withdrawn(500))
    expect(decide([opened, deposited(500), withdrawn(500)], close)).toEqual(closed)
  })
})

describe('refused', () => {
  test('is to open twice, again after closing, or without an owner', () => {
    expect(refusal([opened], open)?.code).toBe('ACCOUNT_ALREADY_OPENED')
    expect(refusal([opened, closed], open)?.code).toBe('ACCOUNT_ALREADY_OPENED')
    expect(refusal([], { type: 'OpenAccount', owner: ' ' })?.code).toBe('OWNER_MISSING')
  })

  test('is to withdraw more than there is', () => {
    expect(refusal([opened, deposited(500)], withdraw(501))).toEqual({
      code: 'INSUFFICIENT_FUNDS',
      data: { cents: 500 },
    })
    expect(refusal([opened], withdraw(1))?.code).toBe('INSUFFICIENT_FUNDS')
  })

  test.each([
    ['nothing', 0, 'AMOUNT_NOT_POSITIVE'],
    ['minus zero', -0, 'AMOUNT_NOT_POSITIVE'],
    ['a negative amount', -5, 'AMOUNT_NOT_POSITIVE'],
    ['no number', Number.NaN, 'AMOUNT_NOT_POSITIVE'],
    ['a fraction of a cent', 0.5, 'AMOUNT_NOT_WHOLE_CENTS'],
    ['a sum with a fraction', 100.1, 'AMOUNT_NOT_WHOLE_CENTS'],
    ['without end', Number.POSITIVE_INFINITY, 'AMOUNT_TOO_LARGE'],
    ['more than digits can hold', 2 ** 53, 'AMOUNT_TOO_LARGE'],
  ])('is to move %s', (_what, cents, code) => {
    expect(refusal([opened, deposited(500)], deposit(cents))?.code).toBe(code)
    expect(refusal([opened, deposited(500)], withdraw(cents))?.code).toBe(code)
  })

  test('is a balance whose digits would not hold', () => {
    const full = deposited(Number.MAX_SAFE_INTEGER)
    expect(refusal([opened, full], deposit(1))?.code).toBe('AMOUNT_TOO_LARGE')
  })

  test('is everything on an account that is unknown or closed', () => {
    for (const command of [deposit(1), withdraw(1), close]) {
      expect(refusal([], command)?.code).toBe('ACCOUNT_NOT_FOUND')
      expect(refusal([opened, closed], command)?.code).toBe('ACCOUNT_CLOSED')
    }
  })

  test('is to close an account that holds money', () => {
    expect(refusal([opened, deposited(5)], close)).toEqual({ code: 'ACCOUNT_NOT_EMPTY', data: { cents: 5 } })
  })
})
