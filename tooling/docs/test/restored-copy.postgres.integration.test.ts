import { createSchema, postgres } from '@eventspine/postgres'
import { createDatabase } from '@eventspine/servers'
import { Pool } from 'pg'
import { expect, it } from 'vitest'
import { readText } from '../src/repository.ts'

it('the statement of the PostgreSQL guide gives a copy an incarnation of its own', async () => {
  const guide = readText('docs/getting-started-postgres.md')
  const statement = /```sql\n(update eventspine\.store set incarnation .*)\n```/.exec(guide)?.[1] ?? ''
  const database = await createDatabase(process.env['EVENTSPINE_TEST_POSTGRES'] ?? '')
  const pool = new Pool({ connectionString: database.url })
  pool.on('error', () => undefined)
  try {
    await createSchema(pool)
    const original = await postgres({ pool })
    const { position } = await original.store.append('note:1', [{ type: 'Noted', data: {} }])
    await original.close()
    await pool.query(statement)
    const copy = await postgres({ pool })
    expect(copy.store.incarnation).toMatch(/^[0-9a-f]{16}$/)
    expect(copy.store.incarnation).not.toBe(original.store.incarnation)
    expect(() => copy.store.feed({ after: position })).toThrow(
      expect.objectContaining({ code: 'FEED_DIVERGED' }),
    )
    expect((await copy.store.feed().toArray()).length).toBe(1)
    await copy.close()
  } finally {
    await pool.end()
    await database.drop()
  }
})
