import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import type { OpenRequest, TestBackend } from '@eventspine/conformance'
import type { Backend } from '@eventspine/core'
import { startFaultProxy } from '@eventspine/servers'
import { Pool } from 'pg'
import { createSchema, pglite, postgres } from '../src/index.ts'

const adapter = new URL('../src/index.ts', import.meta.url).href

/** The URL of the server that the run has started, or was given. */
export function serverUrl(): string {
  const url = process.env['EVENTSPINE_TEST_POSTGRES']
  if (url === undefined)
    throw new Error('EVENTSPINE_TEST_POSTGRES is not set: run through vitest of the workspace')
  return url
}

/** A name that no other test uses. */
export function uniqueSchema(): string {
  return `test_${randomUUID().replaceAll('-', '')}`
}

/** A pool of a test, whose connections may break. */
export function poolOf(url: string, options: { readonly max?: number } = {}): Pool {
  const pool = new Pool({ connectionString: url, max: 4, ...options })
  pool.on('error', () => undefined)
  return pool
}

/** A schema of its own in the database of `url`; clients reach it through a proxy that can lose replies. */
export async function openPostgres(url: string, { partitions }: OpenRequest): Promise<TestBackend> {
  const schema = uniqueSchema()
  const admin = poolOf(url, { max: 1 })
  await createSchema(admin, { schema, partitions })
  const proxy = await startFaultProxy(url)
  const opened: Backend[] = []
  const open = async (address: string): Promise<Backend> => {
    const backend = await postgres.connect(address, { schema, maxConnections: 4 })
    opened.push(backend)
    return backend
  }
  let backend = await open(proxy.url)
  return {
    get backend() {
      return backend
    },
    sibling: () => open(url),
    reopen: async () => {
      await backend.close()
      backend = await open(proxy.url)
      return backend
    },
    child: { module: adapter, url: `${url}?schema=${schema}` },
    loseReply: async () => void proxy.loseReply({ containing: 'counter:lost' }),
    outage: async () => {
      await proxy.refuse()
      proxy.cut()
      return { end: () => proxy.pass() }
    },
    close: async () => {
      await proxy.pass()
      await Promise.all(opened.map((each) => each.close()))
      await proxy.close()
      await admin.query(`drop schema "${schema}" cascade`)
      await admin.end()
    },
  }
}

/** A schema of its own in a database of this process, which all cases of a file share: making one takes seconds. */
export async function openPglite(client: PGlite, { partitions }: OpenRequest): Promise<TestBackend> {
  const schema = uniqueSchema()
  await createSchema(client, { schema, partitions })
  const opened: Backend[] = []
  const open = async (): Promise<Backend> => {
    const backend = await pglite({ client, schema })
    opened.push(backend)
    return backend
  }
  let backend = await open()
  return {
    get backend() {
      return backend
    },
    sibling: open,
    reopen: async () => {
      await backend.close()
      backend = await open()
      return backend
    },
    child: undefined,
    close: async () => {
      await Promise.all(opened.map((each) => each.close()))
      await client.exec(`drop schema "${schema}" cascade`)
    },
  }
}

/** A folder that is removed with whatever a test put there. */
export async function withFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = join(tmpdir(), `eventspine-${randomUUID()}`)
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
    await rm(`${folder}.eventspine-lock`, { force: true })
  }
}
