import { randomUUID } from 'node:crypto'
import { Client } from 'pg'

/** A database of one's own on a server, for a test that must not meet another. */
export interface OwnDatabase extends AsyncDisposable {
  readonly url: string
  readonly name: string
  /** Disconnects whoever still uses it and removes it. Calling it again does nothing. */
  drop(): Promise<void>
}

/**
 * Makes an empty database on the server of `url`, whose user must be allowed to.
 *
 * @param url - Any database of the server; it is only connected to.
 */
export async function createDatabase(url: string): Promise<OwnDatabase> {
  const name = `eventspine_${randomUUID().replaceAll('-', '')}`
  const own = new URL(url)
  own.pathname = `/${name}`
  await execute(url, `create database "${name}"`)
  const drop = (): Promise<void> => execute(url, `drop database if exists "${name}" with (force)`)
  return { url: own.href, name, drop, [Symbol.asyncDispose]: drop }
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
