import { AssertionError } from 'node:assert'
import { describe, expect, test } from 'vitest'
import { processManager, type Reaction } from '../../src/index.ts'
import { given, on, refused, timeout } from '../../src/testing/index.ts'
import { failureOf } from '../failure-of.ts'
import {
  account,
  accountDecider,
  REMINDER_MS,
  transfer,
  transfers,
  type TransferState,
} from '../process/transfer.ts'

const requested = on(transfer.stream('1'), transfer.event('Requested', { from: 'a', to: 'b', cents: 5 }))
const withdraw = { to: 'account', stream: 'a', command: { type: 'Withdraw', cents: 5 } } as const
const deposit = { to: 'account', stream: 'b', command: { type: 'Deposit', cents: 5 } } as const
const giveBack = { to: 'account', stream: 'a', command: { type: 'Deposit', cents: 5 } } as const
const reminder = { name: 'reminder', inMs: REMINDER_MS }
const withdrawn = on(account.stream('a'), account.event('Withdrawn', { cents: 5 }))
const deposited = on(account.stream('b'), account.event('Deposited', { cents: 5 }))
const failed = (reason: string) =>
  ({ to: 'transfer', stream: 'transfer:1', command: { type: 'Fail', reason } }) as const

async function violation(promise: Promise<unknown>): Promise<string> {
  const error = await failureOf(promise)
  if (error instanceof AssertionError) return error.message
  throw new Error('expected an AssertionError', { cause: error })
}

describe('a specification of a process', () => {
  test('holds for the commands and timeouts that follow from events', async () => {
    await given(transfers)
      .when(requested)
      .then({ commands: [withdraw], timeouts: [reminder] })
    await given(transfers, requested)
      .when(withdrawn)
      .then({ commands: [deposit] })
    await given(transfers, requested, withdrawn)
      .when(deposited)
      .then({
        commands: [{ to: 'transfer', stream: 'transfer:1', command: { type: 'Complete' } }],
        end: true,
      })
    await given(transfers, requested)
      .when(withdrawn, deposited)
      .then({
        commands: [deposit, { to: 'transfer', stream: 'transfer:1', command: { type: 'Complete' } }],
        end: true,
      })
  })

  test('holds for what follows from timeouts', async () => {
    const mail = (text: string): { to: 'mail'; stream: string; command: { text: string } } => ({
      to: 'mail',
      stream: 'a',
      command: { text },
    })
    await given(transfers, requested, timeout('reminder'))
      .when(timeout('reminder'))
      .then({ commands: [mail('reminder 2')], timeouts: [reminder] })
  })

  test('holds for what follows from refusals, through to the compensation', async () => {
    await given(transfers, requested)
      .when(refused(withdraw, 'INSUFFICIENT_FUNDS'))
      .then({ commands: [failed('INSUFFICIENT_FUNDS')], end: true })
    await given(transfers, requested, withdrawn)
      .when(refused(deposit, 'ACCOUNT_CLOSED', 'the account is closed'))
      .then({ commands: [giveBack] })
    await given(transfers, requested, withdrawn, refused(deposit, 'ACCOUNT_CLOSED'))
      .when(on(account.stream('a'), account.event('Deposited', { cents: 5 })))
      .then({
        commands: [
          failed('ACCOUNT_CLOSED'),
          { to: 'mail', stream: 'a', command: { text: 'ACCOUNT_CLOSED' } },
        ],
        end: true,
      })
  })

  test('holds for the state, alone and with what was done', async () => {
    const state: TransferState = {
      step: 'withdrawing',
      from: 'a',
      to: 'b',
      cents: 5,
      reason: '',
      reminders: 0,
    }
    const outcome = given(transfers).when(requested)
    await outcome.thenState(state)
    await outcome.then({ commands: [withdraw], timeouts: [reminder], state })
    expect(await violation(outcome.thenState({ ...state, cents: 6 }))).toContain(
      'transfers came to another state',
    )
    expect(
      await violation(
        outcome.then({ commands: [withdraw], timeouts: [reminder], state: { ...state, cents: 6 } }),
      ),
    ).toContain('-   cents: 6,\n+   cents: 5,')
  })

  test('shows what differs', async () => {
    const outcome = given(transfers).when(requested)
    expect(
      await violation(outcome.then({ commands: [withdraw], timeouts: [{ name: 'reminder', inMs: 1 }] })),
    ).toBe(
      [
        'transfers did something else',
        '',
        '- expected',
        '+ actual',
        '',
        '  … 12 lines are the same',
        '    end: false,',
        '    timeouts: [',
        '      {',
        '-       inMs: 1,',
        '+       inMs: 60000,',
        "        name: 'reminder'",
        '      }',
        '    ]',
        '  }',
      ].join('\n'),
    )
    for (const expected of [
      {},
      { commands: [withdraw] },
      { commands: [withdraw], timeouts: [reminder], end: true },
    ])
      expect(await violation(outcome.then(expected))).toContain('did something else')
  })

  test('lets events of other processes, and all after the end, pass by', async () => {
    const other = {
      ...account.event('Withdrawn', { cents: 5 }),
      metadata: { process: { name: 'other', key: 'x' } },
    }
    await given(transfers, requested)
      .when(on(account.stream('a'), other))
      .then({})
    await given(transfers).when(withdrawn).then({})
    await given(transfers, requested, withdrawn, deposited).when(withdrawn).then({})
    const once = processManager({
      name: 'once',
      events: transfer,
      receivers: { account: accountDecider },
      keys: { Requested: ({ streamId }) => streamId },
      initialState: () => 0,
      react: {
        Requested: () => ({ commands: [withdraw], timeouts: [reminder], cancel: ['other'], end: true }),
      },
      onTimeout: { reminder: () => undefined },
      onRefused: () => ({ commands: [giveBack] }),
    })
    await given(once)
      .when(requested)
      .then({ commands: [withdraw], timeouts: [reminder], cancel: ['other'], end: true })
    await given(once, requested).when(requested).then({})
    // Refusals are told also then.
    await given(once, requested)
      .when(refused(withdraw, 'ANY'))
      .then({ commands: [giveBack] })
    expect(
      await violation(
        given(once)
          .when(requested)
          .then({ commands: [withdraw], timeouts: [reminder], end: true }),
      ),
    ).toContain("+     'other'")
  })

  test('fails for a timeout that is not set, and for what comes before the process', async () => {
    expect(
      await violation(given(transfers, requested, withdrawn, deposited).when(timeout('reminder')).then({})),
    ).toBe('the timeout reminder is not set')
    expect(await violation(given(transfers).when(refused(withdraw, 'ANY')).then({}))).toContain(
      'there is no process yet',
    )
  })

  test('fails for a reaction that could not be carried out, or that is another one each time', async () => {
    let calls = 0
    const receivers = { account: accountDecider }
    const one = (reaction: () => Reaction<number, typeof receivers>) =>
      given(
        processManager({
          name: 'one',
          events: transfer,
          receivers,
          keys: { Requested: ({ streamId }) => streamId },
          initialState: () => 0,
          react: { Requested: reaction },
          onRefused: () => undefined,
        }),
      )
    const impossible = one(() => ({ commands: [{ ...withdraw, to: 'nobody' as 'account' }] }))
    expect(await failureOf(impossible.when(requested).then({}))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'commands[0].to',
    })
    const random = one(() => ({ commands: [{ ...withdraw, stream: String(++calls) }] }))
    expect(await violation(random.when(requested).then({}))).toContain(
      'one did something else the second time',
    )
  })

  test('that is awaited before its end fails, instead of holding', async () => {
    expect(await violation(Promise.resolve(given(transfers).when(requested)))).toContain('ends with then(…)')
  })
})
