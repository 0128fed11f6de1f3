import { EventStoreError } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { resolveOptions } from '../src/options.ts'
import { parsePostgresUrl } from '../src/postgres.ts'
import { quoteSchema } from '../src/schema-name.ts'
import { createStatements } from '../src/statements.ts'
import { openUrl, pglite, postgres } from '../src/index.ts'

function fieldOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    if (EventStoreError.is(error, 'INVALID_ARGUMENT')) return error.field
    throw error
  }
  return 'accepted'
}

describe('options', () => {
  it('have the documented defaults', () => {
    expect(resolveOptions({}, 10)).toEqual({
      schema: 'eventspine',
      lockTimeoutMs: 2000,
      create: false,
      partitions: undefined,
      pollIntervalMs: 10,
    })
  })

  it('are refused by name', () => {
    for (const lockTimeoutMs of [0, -1, 1.5, Number.NaN, Infinity, 2 ** 31]) {
      expect(fieldOf(() => resolveOptions({ lockTimeoutMs }, 10))).toBe('lockTimeoutMs')
    }
    expect(fieldOf(() => resolveOptions({ pollIntervalMs: 0 }, 10))).toBe('pollIntervalMs')
    expect(fieldOf(() => resolveOptions({ schema: 'Events' }, 10))).toBe('schema')
  })

  it('that are no client at all are refused before anything is done', async () => {
    const wrong = {} as never
    await expect(postgres({ pool: wrong })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'pool' })
    await expect(pglite({ client: wrong })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'client',
    })
    await expect(pglite.open('')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'folder' })
  })
})

describe('a schema name', () => {
  it('is quoted, so that reserved words do', () => {
    expect(quoteSchema('user')).toBe('"user"')
    expect(quoteSchema(`s${'x'.repeat(62)}`)).toHaveLength(65)
  })

  it('is refused where quoting would be needed or a name would be cut off', () => {
    for (const name of [
      '',
      'A',
      '1a',
      'a-b',
      'a.b',
      'a"b',
      'é',
      'a b',
      'pg_x',
      'x'.repeat(64),
      "'; drop",
      7,
      undefined,
    ]) {
      expect(fieldOf(() => quoteSchema(name))).toBe('schema')
    }
  })

  it('is part of what statements are prepared under', () => {
    const names = (schema: string) => Object.values(createStatements(schema)).map(({ name }) => name)
    const all = [...names('one'), ...names('two')]
    expect(new Set(all).size).toBe(all.length)
    // The server cuts names off at 63 bytes.
    expect(Math.max(...all.map((name) => name.length))).toBeLessThan(64)
  })
})

describe('a URL', () => {
  it('gives its own parameters to the store and leaves the others to the driver', () => {
    expect(
      parsePostgresUrl(
        'postgresql://u:p%40ss@h:5433/db?sslmode=require&schema=shop&partitions=8&prepared=false',
      ),
    ).toEqual({
      connectionString: 'postgresql://u:p%40ss@h:5433/db?sslmode=require',
      schema: 'shop',
      partitions: 8,
      preparedStatements: false,
    })
    expect(parsePostgresUrl('postgres://h/db')).toEqual({ connectionString: 'postgres://h/db' })
  })

  it('that is none, or has bad parameters, is refused without repeating it', () => {
    for (const url of [
      '',
      'postgres:',
      'mysql://h/d',
      'postgres://u:secret@h:99999/db',
      'postgres://u:secret@h/d?partitions=x',
      'postgres://u:secret@h/d?prepared=no',
    ]) {
      const thrown = (() => {
        try {
          return parsePostgresUrl(url)
        } catch (error) {
          return error
        }
      })()
      expect(EventStoreError.is(thrown, 'INVALID_ARGUMENT') && thrown.field).toBe('url')
      expect(String(thrown)).not.toContain('secret')
    }
  })

  it('of another scheme is not for this adapter', async () => {
    await expect(openUrl('redis://h')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'url' })
    await expect(openUrl('pglite:memory:?partitions=many')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'url',
    })
    await expect(openUrl('pglite:')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'folder' })
  })
})
