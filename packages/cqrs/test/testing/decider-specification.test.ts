import { defineEvents, type NewEventOf, versions } from '@eventspine/core'
import { AssertionError } from 'node:assert'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { decider } from '../../src/index.ts'
import { given } from '../../src/testing/index.ts'
import { account, accountDecider } from '../account.ts'
import { failureOf } from '../failure-of.ts'

const opened = account.event('Opened', { owner: 'Ada' })
const deposited = (cents: number): NewEventOf<typeof account, 'Deposited'> =>
  account.event('Deposited', { cents })
const withdrawn = (cents: number): NewEventOf<typeof account, 'Withdrawn'> =>
  account.event('Withdrawn', { cents })

/** The message of the specification that does not hold. */
async function violation(promise: Promise<unknown>): Promise<string> {
  const error = await failureOf(promise)
  if (error instanceof AssertionError) return error.message
  throw new Error('expected an AssertionError', { cause: error })
}

describe('a specification of a decider', () => {
  const rich = given(accountDecider, opened, deposited(500))

  test('holds for the events that a command leads to', async () => {
    await rich.when({ type: 'Withdraw', cents: 200 }).then(withdrawn(200))
    await rich.when({ type: 'Close' }).then([withdrawn(500), account.event('Closed', {})])
    await given(accountDecider).when({ type: 'Open', owner: 'Ada' }).then(opened)
  })

  test('shows how the events differ', async () => {
    expect(
      await violation(rich.when({ type: 'Close' }).then([withdrawn(50), account.event('Closed', {})])),
    ).toBe(
      [
        'Close led to other events',
        '',
        '- expected',
        '+ actual',
        '',
        '  [',
        '    {',
        '      data: {',
        '-       cents: 50',
        '+       cents: 500',
        '      },',
        "      type: 'Withdrawn'",
        '    },',
        '  … 5 lines are the same',
      ].join('\n'),
    )
    const error = await failureOf(rich.when({ type: 'Withdraw', cents: 1 }).then(withdrawn(2)))
    expect(error).toMatchObject({
      code: 'ERR_ASSERTION',
      actual: [{ type: 'Withdrawn', data: { cents: 1 } }],
      expected: [{ type: 'Withdrawn', data: { cents: 2 } }],
    })
  })

  test('fails for an event too few, too many, or of another order', async () => {
    const closing = rich.when({ type: 'Close' })
    const closed = account.event('Closed', {})
    for (const expected of [
      [closed],
      [withdrawn(500)],
      [closed, withdrawn(500)],
      [withdrawn(500), closed, closed],
    ])
      expect(await violation(closing.then(expected))).toContain('Close led to other events')
  })

  test('holds for nothing, and fails when something happened', async () => {
    await given(accountDecider, opened).when({ type: 'Clear' }).then([])
    expect(await violation(rich.when({ type: 'Clear' }).then([]))).toContain('Clear led to other events')
    expect(
      await violation(given(accountDecider, opened).when({ type: 'Clear' }).then(withdrawn(1))),
    ).toContain('Clear led to other events')
  })

  test('holds for a refusal by its code, and its data where that is given', async () => {
    const tooMuch = rich.when({ type: 'Withdraw', cents: 501 })
    await tooMuch.thenRefused('INSUFFICIENT_FUNDS')
    await tooMuch.thenRefused('INSUFFICIENT_FUNDS', { cents: 500 })
    expect(await violation(tooMuch.thenRefused('ALREADY_OPEN'))).toContain(
      "refused by another rule: the balance is too low\n\n- expected\n+ actual\n\n- 'ALREADY_OPEN'\n+ 'INSUFFICIENT_FUNDS'",
    )
    expect(await violation(tooMuch.thenRefused('INSUFFICIENT_FUNDS', { cents: 1 }))).toContain(
      'INSUFFICIENT_FUNDS came with other data',
    )
    expect(await violation(rich.when({ type: 'Clear' }).thenRefused('ANY'))).toBe(
      'Clear was not refused: it led to Withdrawn',
    )
  })

  test('tells who refused a command that should have been accepted', async () => {
    const tooMuch = rich.when({ type: 'Withdraw', cents: 501 })
    const message = 'Withdraw was refused by INSUFFICIENT_FUNDS: the balance is too low'
    expect(await violation(tooMuch.then(withdrawn(501)))).toBe(message)
    expect(await violation(tooMuch.then([]))).toBe(message)
    expect(await violation(tooMuch.thenState({ status: 'open', cents: 0 }))).toBe(message)
  })

  test('holds for the state, after the events and after the command', async () => {
    await rich.thenState({ status: 'open', cents: 500 })
    await rich.when({ type: 'Close' }).thenState({ status: 'closed', cents: 0 })
    expect(await violation(rich.thenState({ status: 'open', cents: 5 }))).toContain('led to another state')
    expect(await violation(rich.when({ type: 'Close' }).thenState({ status: 'open', cents: 0 }))).toContain(
      'Close led to another state',
    )
  })

  test('holds for other errors, and does not take them for refusals', async () => {
    const broken = decider({
      ...accountDecider,
      decide: () => {
        throw new RangeError('no')
      },
    })
    const outcome = given(broken).when('any' as never)
    await outcome.thenThrows((error) => error instanceof RangeError)
    expect(await violation(outcome.thenThrows((error) => error instanceof SyntaxError))).toBe(
      'the command threw another error',
    )
    expect(await failureOf(outcome.thenRefused('ANY'))).toBeInstanceOf(RangeError)
    expect(await failureOf(outcome.then([]))).toBeInstanceOf(RangeError)
  })

  test('that is awaited before its end fails, instead of holding', async () => {
    const awaited = Promise.resolve(rich.when({ type: 'Clear' }))
    expect(await violation(awaited)).toBe('a specification ends with then(…): this one expects nothing')
  })
})

describe('what a specification compares', () => {
  const note = defineEvents('note', {
    Noted: versions(z.object({ words: z.string() })).next(
      z.object({ text: z.string(), by: z.string().default('nobody') }),
      ({ words }) => ({ text: words, by: 'the past' }),
    ),
  })
  const noteDecider = decider({
    events: note,
    initialState: (): readonly string[] => [],
    evolve: (state, { data }) => [...state, `${data.text} by ${data.by}`],
    decide: (text: string) => ({
      ...note.event('Noted', { text }),
      metadata: { from: 'decide' },
      tags: ['a'],
    }),
  })

  test('is what is stored, so that defaults need not be said', async () => {
    await given(noteDecider)
      .when('hi')
      .then(note.event('Noted', { text: 'hi' }))
    await given(noteDecider)
      .when('hi')
      .then(note.event('Noted', { text: 'hi', by: 'nobody' }))
    await given(noteDecider).when('hi').thenState(['hi by nobody'])
    await given(noteDecider, note.event('Noted', { text: 'a' })).thenState(['a by nobody'])
  })

  test('includes metadata and tags where they are expected', async () => {
    const outcome = given(noteDecider).when('hi')
    await outcome.then({ ...note.event('Noted', { text: 'hi' }), metadata: { from: 'decide' }, tags: ['a'] })
    expect(await violation(outcome.then({ ...note.event('Noted', { text: 'hi' }), tags: ['b'] }))).toContain(
      "-       'b'\n+       'a'",
    )
  })

  test('is brought up from older versions', async () => {
    await given(noteDecider, { type: 'Noted', schemaVersion: 1, data: { words: 'a' } }).thenState([
      'a by the past',
    ])
  })

  test('is refused where it is no event of the contract', async () => {
    const wrong = { type: 'Noted', data: { text: 5 } } as never
    for (const promise of [
      given(noteDecider, wrong).when('hi').then([]),
      given(noteDecider).when('hi').then(wrong),
    ])
      expect(await failureOf(promise)).toMatchObject({
        code: 'SCHEMA_MISMATCH',
        field: 'events[0].data.text',
      })
    expect(
      await failureOf(given(noteDecider, { type: 'Lost', schemaVersion: 1, data: {} }).thenState([])),
    ).toMatchObject({
      code: 'SCHEMA_MISMATCH',
    })
  })
})

describe('a decider that is not pure', () => {
  const counter = defineEvents('counter', { Counted: z.object({ by: z.number() }) })
  const rest = {
    events: counter,
    initialState: () => ({ total: 0, parts: [0] }),
    evolve: (state: { total: number; parts: number[] }) => state,
    decide: (by: number) => counter.event('Counted', { by }),
  }

  test('fails where it changes its state', async () => {
    const evolving = decider({
      ...rest,
      evolve: (state, { data }) => {
        state.parts.push(data.by)
        return state
      },
    })
    expect(
      await failureOf(given(evolving, counter.event('Counted', { by: 1 })).thenState(rest.initialState())),
    ).toBeInstanceOf(TypeError)
    // Not what it began with, but what it made itself.
    const later = decider({
      ...rest,
      evolve: (state, { data }) => {
        if (state.total === 0) return { total: data.by, parts: [data.by] }
        state.parts.push(data.by)
        return state
      },
    })
    const counted = counter.event('Counted', { by: 1 })
    await given(later, counted).thenState({ total: 1, parts: [1] })
    expect(await failureOf(given(later, counted, counted).thenState(rest.initialState()))).toBeInstanceOf(
      TypeError,
    )
    const deciding = decider({
      ...rest,
      decide: (by: number, state) => {
        state.total += by
        return []
      },
    })
    expect(await failureOf(given(deciding).when(1).then([]))).toBeInstanceOf(TypeError)
  })

  test('fails when it decides the same command in two ways', async () => {
    let calls = 0
    const random = decider({ ...rest, decide: () => counter.event('Counted', { by: ++calls }) })
    expect(
      await violation(
        given(random)
          .when(undefined)
          .then(counter.event('Counted', { by: 1 })),
      ),
    ).toContain('the command was decided in another way the second time')
  })
})
