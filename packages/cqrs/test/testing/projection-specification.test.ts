import { defineEvents, type NewEventOf, readAs } from '@eventspine/core'
import { AssertionError } from 'node:assert'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { projection } from '../../src/index.ts'
import { given, on } from '../../src/testing/index.ts'
import { account } from '../account.ts'
import { failureOf } from '../failure-of.ts'

const balances = projection({
  name: 'balances',
  events: account,
  initialState: () => ({ cents: 0 }),
  evolve: {
    Deposited: ({ cents }, { data }) => ({ cents: cents + data.cents }),
    Withdrawn: ({ cents }, { data }) => ({ cents: cents - data.cents }),
    Closed: () => undefined,
  },
})

const one = account.stream('1')
const two = account.stream('2')
const deposited = (cents: number): NewEventOf<typeof account, 'Deposited'> =>
  account.event('Deposited', { cents })

async function violation(promise: Promise<unknown>): Promise<string> {
  const error = await failureOf(promise)
  if (error instanceof AssertionError) return error.message
  throw new Error('expected an AssertionError', { cause: error })
}

describe('a specification of a projection', () => {
  test('holds for the documents that follow from the events', async () => {
    await given(balances, on(one, deposited(5), deposited(6)))
      .when(on(two, deposited(7)), on(one, account.event('Withdrawn', { cents: 1 })))
      .then({ 'account:1': { cents: 10 }, 'account:2': { cents: 7 } })
  })

  test('shows how the documents differ', async () => {
    const outcome = given(balances).when(on(one, deposited(5)))
    expect(await violation(outcome.then({ 'account:1': { cents: 6 } }))).toBe(
      [
        'balances has other documents',
        '',
        '- expected',
        '+ actual',
        '',
        '  {',
        "    'account:1': {",
        '-     cents: 6',
        '+     cents: 5',
        '    }',
        '  }',
      ].join('\n'),
    )
    expect(await violation(outcome.then({}))).toContain('other documents')
    expect(await violation(outcome.then({ 'account:1': { cents: 5 }, 'account:2': { cents: 5 } }))).toContain(
      'other documents',
    )
  })

  test('holds for one document, and for one that is gone', async () => {
    const outcome = given(balances, on(one, deposited(5))).when(
      on(one, account.event('Closed', {})),
      on(two, deposited(1)),
    )
    await outcome.then({ 'account:2': { cents: 1 } })
    await outcome.thenDocument('account:1', undefined)
    await outcome.thenDocument('account:2', { cents: 1 })
    expect(await violation(outcome.thenDocument('account:1', { cents: 5 }))).toContain(
      'balances has another document "account:1"',
    )
    expect(await violation(outcome.thenDocument('account:2', undefined))).toContain('another document')
  })

  test('passes over types and categories that the projection does not take', async () => {
    const invoice = defineEvents('invoice', { Deposited: z.object({ cents: z.number() }) })
    await given(balances)
      .when(
        on(one, account.event('Opened', { owner: 'Ada' })),
        on(invoice.stream('1'), invoice.event('Deposited', { cents: 5 })),
      )
      .then({})
  })

  test('reads several contracts, keys of its own, and what an older service has stored', async () => {
    const order = defineEvents(
      'order',
      { Placed: z.object({ customer: z.string() }), Paid: z.object({ customer: z.string() }) },
      {
        legacy: {
          Bought: readAs(z.object({ who: z.string() }), ({ who }) => [
            { type: 'Placed', data: { customer: who } },
            { type: 'Paid', data: { customer: who } },
          ]),
        },
      },
    )
    const activity = projection({
      name: 'activity',
      events: [order, account],
      key: (event) =>
        event.type === 'Opened'
          ? event.data.owner
          : 'customer' in event.data
            ? event.data.customer
            : undefined,
      initialState: (): readonly string[] => [],
      evolve: {
        Placed: (lines, { streamPosition }) => [...lines, `placed at ${streamPosition}`],
        Paid: (lines, { streamPosition }) => [...lines, `paid at ${streamPosition}`],
        Opened: (lines) => [...lines, 'opened'],
      },
    })
    const placed = order.event('Placed', { customer: 'Ada' })
    await given(activity, on(order.stream('1'), placed, { type: 'Bought', data: { who: 'Ada' } }))
      .when(on(one, account.event('Opened', { owner: 'Ada' })))
      .then({ Ada: ['placed at 1', 'placed at 2', 'paid at 2', 'opened'] })
  })

  test('fails for an evolution that changes its state', async () => {
    const impure = projection({
      name: 'impure',
      events: account,
      initialState: (): string[] => [],
      evolve: {
        Opened: (owners, { data }) => {
          owners.push(data.owner)
          return owners
        },
      },
    })
    const twice = [
      account.event('Opened', { owner: 'Ada' }),
      account.event('Opened', { owner: 'Bob' }),
    ] as const
    expect(
      await failureOf(
        given(impure)
          .when(on(one, ...twice))
          .then({}),
      ),
    ).toBeInstanceOf(TypeError)
  })

  test('that is awaited before its end fails, instead of holding', async () => {
    const awaited = Promise.resolve(given(balances).when(on(one, deposited(5))))
    expect(await violation(awaited)).toContain('ends with then(…)')
  })
})
