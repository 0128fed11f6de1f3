import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  defineEvents,
  deprecated,
  type DeprecatedTypeOf,
  type DeprecationOf,
  type EventOf,
  readAs,
  type RecordedEvent,
  versions,
} from '../src/index.ts'

const account = defineEvents('account', {
  Opened: z.object({ owner: z.string() }),
  Deposited: versions(z.object({ amount: z.number() })).next(
    z.object({ cents: z.number() }),
    ({ amount }) => ({
      cents: amount * 100,
    }),
  ),
  Raised: deprecated(z.object({ by: z.number() }), { since: '2026-11-21', remark: 'use LimitSet' }),
})

describe('versions', () => {
  test('give each upcaster the data of the version before, and ask for that of the next', () => {
    versions(z.object({ amount: z.number() })).next(v.object({ cents: v.number() }), (data, event) => {
      expectTypeOf(data).toEqualTypeOf<{ amount: number }>()
      expectTypeOf(event).toEqualTypeOf<RecordedEvent>()
      return { cents: data.amount * 100 }
    })
    versions(type({ amount: 'number' })).next(z.object({ cents: z.number() }), ({ amount }) => ({
      cents: amount,
    }))
    // @ts-expect-error -- cents is a number
    versions(z.object({})).next(z.object({ cents: z.number() }), () => ({ cents: '5' }))
    // @ts-expect-error -- an upcaster answers at once
    versions(z.object({})).next(z.object({ cents: z.number() }), async () => ({ cents: 5 }))
    // What is stored is the output, so that is what an upcaster makes.
    // @ts-expect-error -- note has a value by then
    versions(z.object({})).next(z.object({ note: z.string().default('') }), () => ({}))
  })

  test('leave the newest to producers and readers', () => {
    expectTypeOf<EventOf<typeof account, 'Deposited'>['data']>().toEqualTypeOf<{ cents: number }>()
    account.event('Deposited', { cents: 5 })
    // @ts-expect-error -- data of an older version
    account.event('Deposited', { amount: 5 })
  })
})

describe('legacy types', () => {
  const definitions = { Opened: z.object({ owner: z.string() }), LimitSet: z.object({ cents: z.number() }) }

  test('are read as types of the contract alone', () => {
    defineEvents('account', definitions, {
      legacy: {
        Created: 'Opened',
        Both: readAs(z.object({ owner: z.string(), limit: z.number() }), ({ owner, limit }) => [
          { type: 'Opened', data: { owner } },
          { type: 'LimitSet', schemaVersion: 1, data: { anything: limit } },
        ]),
        None: readAs(z.object({}), () => []),
      },
    })
    // @ts-expect-error -- no such type
    defineEvents('account', definitions, { legacy: { Created: 'Open' } })
    const stolen = readAs(z.object({}), () => ({ type: 'Stolen', data: {} }))
    // @ts-expect-error -- no such type
    defineEvents('account', definitions, { legacy: { Old: stolen } })
    const empty = readAs(z.object({}), () => ({ type: 'Opened', data: {} }))
    // @ts-expect-error -- data of another type
    defineEvents('account', definitions, { legacy: { Old: empty } })
  })

  test('do not appear among the events of the contract', () => {
    const contract = defineEvents('account', definitions, { legacy: { Created: 'Opened' } })
    expectTypeOf<EventOf<typeof contract>['type']>().toEqualTypeOf<'Opened' | 'LimitSet'>()
    expectTypeOf(contract.current({} as RecordedEvent)).toEqualTypeOf<readonly EventOf<typeof contract>[]>()
  })

  test('have a fallback that answers with events of the contract', () => {
    const contract = defineEvents('account', definitions)
    contract.withUnknown((event) => ({ type: 'Opened', data: { owner: event.streamId } }))
    contract.withUnknown(() => [])
    contract.withUnknown('skip')
    // @ts-expect-error -- no such policy
    contract.withUnknown('ignore')
    // @ts-expect-error -- data of another type
    contract.withUnknown(() => ({ type: 'Opened', data: {} }))
  })
})

describe('a deprecated type', () => {
  test('says since when and why', () => {
    expectTypeOf<DeprecatedTypeOf<typeof account>>().toEqualTypeOf<'Raised'>()
    expectTypeOf<DeprecationOf<typeof account, 'Raised'>['since']>().toEqualTypeOf<'2026-11-21'>()
    expectTypeOf<DeprecationOf<typeof account, 'Raised'>['remark']>().toEqualTypeOf<'use LimitSet'>()
    expectTypeOf<DeprecationOf<typeof account, 'Opened'>>().toEqualTypeOf<undefined>()
  })

  test('takes and gives the data of its schema', () => {
    const raised = account.event('Raised', { by: 5 })
    expectTypeOf(raised.data).toEqualTypeOf<{ by: number }>()
    void account.validate([raised])
    expectTypeOf<EventOf<typeof account, 'Raised'>['data']>().toEqualTypeOf<{ by: number }>()
    // @ts-expect-error -- by is a number
    account.event('Raised', { by: '5' })
  })
})
