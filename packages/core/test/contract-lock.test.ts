import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type } from 'arktype'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  checkContractLock,
  contractChanges,
  contractLock,
  type ContractOptions,
  defineEvents,
  deprecated,
  type EventDefinitions,
  EventStoreError,
  type LockableContract,
  readAs,
  versions,
} from '../src/index.ts'

const contract = (definitions: EventDefinitions, options?: ContractOptions): LockableContract =>
  defineEvents('account', definitions, options)

/** What changes between two versions of a contract, `!` in front of what breaks something. */
function changes(before: LockableContract, after: LockableContract): readonly string[] {
  return contractChanges(contractLock([before]), contractLock([after])).map(
    ({ subject, what, path, isCompatible }) =>
      `${isCompatible ? '' : '! '}${subject} ${what}${path === undefined ? '' : ` (${path})`}`,
  )
}

const paid = z.object({ cents: z.number(), note: z.string().optional() })
const raise = 'changed: add a version with `versions(…).next(…)`'

describe('a lock', () => {
  test('has the schema of each version, what is deprecated and what is legacy', () => {
    const lock = contractLock([
      contract(
        {
          Paid: versions(z.object({ amount: z.number() })).next(
            z.object({ cents: z.number() }),
            ({ amount }) => ({
              cents: amount,
            }),
          ),
          Raised: deprecated(z.object({}), { since: '2026-11-21', remark: 'use Set' }),
        },
        { legacy: { Old: 'Paid', Both: readAs(z.object({ a: z.string() }), () => []) } },
      ),
    ])
    const object = (properties: object, ...required: readonly string[]): object => ({
      type: 'object',
      properties,
      additionalProperties: false,
      ...(required.length === 0 ? {} : { required }),
    })
    expect(lock).toEqual({
      format: 1,
      contracts: {
        account: {
          events: {
            Paid: {
              version: 2,
              firstVersion: 1,
              schemas: {
                1: object({ amount: { type: 'number' } }, 'amount'),
                2: object({ cents: { type: 'number' } }, 'cents'),
              },
            },
            Raised: {
              version: 1,
              firstVersion: 1,
              schemas: { 1: object({}) },
              deprecated: { since: '2026-11-21', remark: 'use Set' },
            },
          },
          legacy: {
            Both: { name: null, schema: object({ a: { type: 'string' } }, 'a') },
            Old: { name: 'Paid', schema: null },
          },
        },
      },
    })
  })

  test('does not depend on the order of definitions', () => {
    const a = contract({ One: z.object({}), Two: z.object({}) })
    const b = contract({ Two: z.object({}), One: z.object({}) })
    expect(JSON.stringify(contractLock([a]))).toBe(JSON.stringify(contractLock([b])))
  })

  test('knows schemas of ArkType, and of every library by a function', () => {
    const ark = contractLock([contract({ Paid: type({ cents: 'number' }) })])
    expect(ark.contracts['account']?.events['Paid']?.schemas).toEqual({
      1: { type: 'object', properties: { cents: { type: 'number' } }, required: ['cents'] },
    })
    const schema = v.object({ cents: v.number() })
    const plain = contractLock([contract({ Paid: schema })])
    expect(plain.contracts['account']?.events['Paid']?.schemas).toEqual({ 1: null })
    const asked = contractLock([contract({ Paid: schema })], (given) => ({ same: given === schema }))
    expect(asked.contracts['account']?.events['Paid']?.schemas).toEqual({ 1: { same: true } })
  })

  test('has no JSON Schema where a library has none for it', () => {
    const trimmed = contract({ Paid: z.object({ note: z.string().transform((text) => text.trim()) }) })
    expect(contractLock([trimmed]).contracts['account']?.events['Paid']?.schemas).toEqual({ 1: null })
  })

  test('is of one contract for each category', () => {
    const one = contract({ Paid: paid })
    expect(() => contractLock([one, one])).toThrow('has two contracts of the category "account"')
  })
})

describe('changes', () => {
  const before = contract({ Paid: paid })

  test('are none where only annotations and the order of properties differ', () => {
    const described = z.object({ note: z.string().describe('why').optional(), cents: z.number() })
    expect(changes(before, contract({ Paid: described }))).toEqual([])
    const kinds = (...names: readonly [string, ...string[]]): LockableContract =>
      contract({ Paid: z.object({ kind: z.enum(names) }) })
    expect(changes(kinds('cash', 'card'), kinds('card', 'cash'))).toEqual([])
    expect(changes(kinds('cash', 'card'), kinds('card'))).toHaveLength(1)
  })

  test('are seen in properties that are named like annotations', () => {
    const titled = (title: z.ZodType): LockableContract => contract({ Paid: z.object({ title }) })
    expect(changes(titled(z.string()), titled(z.number()))).toEqual([
      `! account.Paid version 1 ${raise} (data.title)`,
    ])
  })

  test('break nothing where a property that may be absent comes or goes', () => {
    const more = contract({ Paid: paid.extend({ by: z.string().optional() }) })
    const what = 'account.Paid version 1 changed in what may be absent (data.by)'
    expect(changes(before, more)).toEqual([what])
    expect(changes(more, before)).toEqual([what])
  })

  test('break a version whose data becomes something else', () => {
    const broken = (schema: z.ZodType): readonly string[] => changes(before, contract({ Paid: schema }))
    const at = (path: string): string => `! account.Paid version 1 ${raise} (${path})`
    expect(broken(z.object({ cents: z.string(), note: z.string().optional() }))).toEqual([at('data.cents')])
    expect(broken(paid.extend({ by: z.string() }))).toEqual([at('data.by')])
    expect(broken(paid.omit({ cents: true }))).toEqual([at('data.cents')])
    expect(broken(z.object({ cents: z.number(), note: z.string() }))).toEqual([at('data.note')])
    expect(broken(paid.partial())).toEqual([at('data.cents')])
    expect(broken(z.object({ cents: z.number().positive(), note: z.string().optional() }))).toEqual([
      at('data.cents'),
    ])
    // A default is filled in before an event is stored; older events have none.
    expect(broken(paid.extend({ by: z.string().default('') }))).toEqual([at('data.by')])
    expect(broken(z.string())).toContain(at('data'))
  })

  test('are told from deep within', () => {
    const lines = (cents: z.ZodType): LockableContract =>
      contract({ Paid: z.object({ lines: z.array(z.object({ cents, kind: z.enum(['a', 'b']) })) }) })
    expect(contractChanges(contractLock([lines(z.number())]), contractLock([lines(z.string())]))).toEqual([
      {
        subject: 'account.Paid version 1',
        what: raise,
        path: 'data.lines[].cents',
        before: { type: 'number' },
        after: { type: 'string' },
        isCompatible: false,
      },
    ])
  })

  test('break nothing when a version with an upcaster is added', () => {
    const after = contract({
      Paid: versions(paid).next(z.object({ euros: z.number() }), ({ cents }) => ({ euros: cents / 100 })),
    })
    expect(changes(before, after)).toEqual(['account.Paid has a new version 2'])
    expect(changes(after, before)).toEqual(['! account.Paid went back from version 2 to 1'])
  })

  test('break a type whose version is raised over data that the new types do not fit', () => {
    const fits = { schema: paid.extend({ by: z.string().optional() }), version: 2 }
    expect(changes(before, contract({ Paid: fits }))).toEqual([
      'account.Paid has a new version 2',
      'account.Paid version 1, read as version 2, changed in what may be absent (data.by)',
    ])
    const not = { schema: z.object({ euros: z.number() }), version: 2 }
    expect(changes(before, contract({ Paid: not })).filter((line) => line.startsWith('!'))).toHaveLength(2)
  })

  test('break a type whose oldest version is dropped, or an older version of it', () => {
    const two = (first: z.ZodType): LockableContract =>
      contract({ Paid: versions(first).next(z.object({}), () => ({})) })
    expect(changes(two(paid), contract({ Paid: versions(z.object({}), { first: 2 }) }))).toEqual([
      '! account.Paid is read from version 2 on, and was from 1',
    ])
    // What cannot be read any more need not fit the newest.
    expect(changes(before, contract({ Paid: versions(z.object({}), { first: 3 }) }))).toEqual([
      'account.Paid has a new version 3',
      '! account.Paid is read from version 3 on, and was from 1',
    ])
    expect(changes(two(paid), two(paid.extend({ by: z.string() })))).toEqual([
      `! account.Paid version 1 ${raise} (data.by)`,
    ])
  })

  test('break what is gone, unless it is said what it is read as', () => {
    const other = { Sent: z.object({}) }
    expect(changes(before, contract(other))).toEqual([
      '! account.Paid is gone: say under `legacy` what its stored events are read as',
      'account.Sent is a new event type',
    ])
    const renamed = contract(other, { legacy: { Paid: 'Sent' } })
    expect(changes(before, renamed)).toEqual([
      'account.Paid is called Sent now',
      'account.Sent is a new event type',
    ])
    expect(changes(renamed, contract(other))).toEqual([
      '! account.Paid is gone from `legacy`: its stored events could not be read',
    ])
    expect(changes(renamed, contract({ ...other, Paid: paid }))).toEqual([
      '! account.Paid was an old name of another type, and its stored events are those of that one',
    ])
    const elsewhere = contract({ ...other, Got: z.object({}) }, { legacy: { Paid: 'Got' } })
    expect(changes(renamed, elsewhere)).toEqual([
      'account.Got is a new event type',
      '! account.Paid was read as Sent, and is as Got',
    ])
    expect(contractChanges(contractLock([before]), contractLock([]))).toEqual([
      { subject: 'account', what: 'is gone: its stored events could not be read', isCompatible: false },
    ])
  })

  test('break nothing when a type is deprecated', () => {
    const after = contract({ Paid: deprecated(paid, { since: '2026-11-21', remark: 'use Sent' }) })
    expect(changes(before, after)).toEqual(['account.Paid is deprecated since 2026-11-21: use Sent'])
    expect(changes(after, before)).toEqual(['account.Paid is not deprecated any more'])
  })
})

describe('a lock file', () => {
  let folder: string
  let file: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'eventspine-lock-'))
    file = join(folder, 'contracts.lock.json')
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  const locked = contract({ Paid: paid })
  const more = contract({ Paid: paid, Sent: z.object({}) })
  const broken = contract({ Paid: z.object({ cents: z.string(), note: z.string().optional() }) })

  async function refusal(promise: Promise<unknown>): Promise<EventStoreError> {
    const error: unknown = await promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (!EventStoreError.is(error)) throw new Error('expected an EventStoreError', { cause: error })
    return error
  }

  test('is asked for, made once, and then agrees', async () => {
    const missing = await refusal(checkContractLock({ file, contracts: [locked] }))
    expect([missing.code, missing.message]).toEqual([
      'SCHEMA_MISMATCH',
      `the contracts of ${file} are not locked: run this once with \`write: "compatible"\``,
    ])
    await checkContractLock({ file, contracts: [locked], write: 'compatible' })
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(contractLock([locked]))
    expect(await checkContractLock({ file, contracts: [locked] })).toEqual([])
  })

  test('is written again for what breaks nothing, when that is asked for', async () => {
    await checkContractLock({ file, contracts: [locked], write: 'compatible' })
    const stale = await refusal(checkContractLock({ file, contracts: [more] }))
    expect(stale.message).toContain('account.Sent is a new event type')
    const written = await checkContractLock({ file, contracts: [more], write: 'compatible' })
    expect(written.map(({ subject }) => subject)).toEqual(['account.Sent'])
    expect(await checkContractLock({ file, contracts: [more] })).toEqual([])
  })

  test('is kept when a change breaks something, which the error shows', async () => {
    await checkContractLock({ file, contracts: [locked], write: 'compatible' })
    const before = await readFile(file, 'utf8')
    for (const write of ['never', 'compatible'] as const) {
      const error = await refusal(checkContractLock({ file, contracts: [broken], write }))
      expect(error.message).toBe(
        [
          `the contracts of ${file} break what is locked`,
          '',
          `account.Paid version 1 ${raise}`,
          '    data.cents',
          '  - {"type":"number"}',
          '  + {"type":"string"}',
        ].join('\n'),
      )
      expect(error.field).toBe('account.Paid version 1')
    }
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  test('takes every change when that is asked for', async () => {
    await checkContractLock({ file, contracts: [locked], write: 'compatible' })
    await checkContractLock({ file, contracts: [broken], write: 'always' })
    expect(await checkContractLock({ file, contracts: [broken] })).toEqual([])
  })

  test('takes new descriptions without calling them a change', async () => {
    await checkContractLock({ file, contracts: [locked], write: 'compatible' })
    const described = contract({ Paid: paid.describe('money came in') })
    expect(await checkContractLock({ file, contracts: [described] })).toEqual([])
    expect(await checkContractLock({ file, contracts: [described], write: 'compatible' })).toEqual([])
    expect(await readFile(file, 'utf8')).toContain('money came in')
  })

  test('is refused when it is none', async () => {
    for (const text of ['{', '{}', '7', '{"format":1}']) {
      await writeFile(file, text)
      const error = await refusal(checkContractLock({ file, contracts: [locked], write: 'always' }))
      expect([error.code, error.field]).toEqual(['INVALID_ARGUMENT', 'file'])
    }
  })
})
