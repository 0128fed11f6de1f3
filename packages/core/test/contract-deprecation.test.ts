import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { memory } from '../../memory/src/index.ts'
import { defineEvents, deprecated, EventStoreError, versions } from '../src/index.ts'

const notice = { since: '2026-11-21', remark: 'use LimitSet' } as const
const account = defineEvents('account', {
  LimitSet: z.object({ cents: z.number() }),
  LimitRaised: deprecated(
    versions(z.object({ by: z.number() })).next(z.object({ cents: z.number() }), ({ by }) => ({
      cents: by * 100,
    })),
    notice,
  ),
})

describe('a deprecated type', () => {
  test('is appended, read and brought up as ever', async () => {
    const { store } = memory()
    await store.append('account:1', [{ type: 'LimitRaised', data: { by: 5 } }])
    await account.store(store).append('1', [{ type: 'LimitRaised', data: { cents: 7 } }])
    const events = await account.store(store).read('1').toArray()
    expect(events.map(({ data }) => data)).toEqual([{ cents: 500 }, { cents: 7 }])
    expect(account.definitions.LimitRaised.deprecated).toEqual(notice)
  })

  test('has a date and a remark', () => {
    const refused = (since: string, remark: string): unknown => {
      try {
        deprecated(z.object({}), { since, remark })
      } catch (error) {
        return EventStoreError.is(error, 'INVALID_ARGUMENT') ? error.field : error
      }
      return undefined
    }
    expect(refused('2026-13-01', 'x')).toBe('since')
    expect(refused('last year', 'x')).toBe('since')
    expect(refused('2026-11-21', ' ')).toBe('remark')
    expect(refused('2026-11-21', 'use LimitSet')).toBeUndefined()
  })
})
