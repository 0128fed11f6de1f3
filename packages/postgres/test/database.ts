import type { NewEvent } from '@eventspine/core'
import { createDatabase } from '@eventspine/servers'
import type { Pool } from 'pg'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { poolOf, serverUrl } from './backend.ts'

/** A database of a test file's own on the server, with all that its tests leave open. */
export interface TestDatabase {
  readonly url: string
  /** For statements of the test itself. */
  readonly admin: Pool
  /** Another pool, ended after the test. */
  pool(max?: number): Pool
  /** Ends something after the test. */
  onEnd(end: () => Promise<void>): void
}

/** Makes it before the tests of the file and removes it after them. */
export function useDatabase(): TestDatabase {
  let url = ''
  let admin: Pool | undefined
  let drop: () => Promise<void> = async () => undefined
  const ends: (() => Promise<void>)[] = []
  beforeAll(async () => {
    const database = await createDatabase(serverUrl())
    ;({ url } = database)
    admin = poolOf(url)
    drop = () => database.drop()
  })
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end()
  })
  afterAll(async () => {
    await admin?.end()
    await drop()
  })
  return {
    get url() {
      return url
    },
    get admin() {
      if (admin === undefined) throw new Error('the database is made before the tests')
      return admin
    },
    pool(max = 4) {
      const pool = poolOf(url, { max })
      ends.push(() => pool.end())
      return pool
    },
    onEnd: (end) => void ends.push(end),
  }
}

export function counted(number: number): NewEvent {
  return { type: 'Counted', data: { number } }
}

/** What `work` was refused with. */
export async function refusedWith(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('it was not refused')
}
