import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatabase, startFaultProxy, startPostgres, type OwnServer } from '../src/index.ts'
import { identifyProcess } from '../src/process-identity.ts'
import { gone, startInChild } from './server-in-child.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eventspine-own-'))
  process.env['EVENTSPINE_DIRECTORY'] = directory
})

afterAll(async () => {
  delete process.env['EVENTSPINE_DIRECTORY']
  await rm(directory, { recursive: true })
})

async function query(url: string, statement: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement)
    return rows.map((row) => Object.values(row)[0])
  } finally {
    await client.end()
  }
}

async function insertRow(server: OwnServer): Promise<void> {
  await query(server.url, 'create table if not exists kept (number int)')
  await query(server.url, 'insert into kept values (1)')
}

describe('a PostgreSQL of one’s own', () => {
  it('is a durable PostgreSQL 18 on loopback, and gone with its data after stop', async () => {
    const server = await startPostgres()
    expect(server.version).toMatch(/^18\./)
    expect(new URL(server.url).hostname).toBe('127.0.0.1')
    for (const [setting, value] of [
      ['listen_addresses', '127.0.0.1'],
      ['fsync', 'on'],
      ['synchronous_commit', 'on'],
      ['max_connections', '200'],
    ] as const) {
      expect(await query(server.url, `show ${setting}`)).toEqual([value])
    }
    expect(existsSync(server.dataDirectory)).toBe(true)
    await server.stop()
    expect(identifyProcess(server.pid)).toBeUndefined()
    expect(existsSync(server.dataDirectory)).toBe(false)
    await server.stop()
  })

  it('asks for a password', async () => {
    await using server = await startPostgres()
    const url = new URL(server.url)
    url.password = 'wrong'
    await expect(query(url.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  })

  it('takes settings, and passes on why it refuses one', async () => {
    await using server = await startPostgres({ settings: { max_connections: '7' } })
    expect(await query(server.url, 'show max_connections')).toEqual(['7'])
    await expect(startPostgres({ settings: { no_such_setting: '1' } })).rejects.toThrow(
      /unrecognized configuration parameter "no_such_setting"[^]*remedy: /,
    )
  })

  it('says that its port is taken', async () => {
    await using server = await startPostgres()
    const port = Number(new URL(server.url).port)
    await expect(startPostgres({ port })).rejects.toThrow('Address already in use')
  })

  it('keeps its data and its URL over a restart, in order and after kill -9', async () => {
    await using server = await startPostgres()
    const { url, pid } = server
    await insertRow(server)
    await server.restart()
    expect(server.url).toBe(url)
    expect(server.pid).not.toBe(pid)
    await insertRow(server)
    await server.kill('SIGKILL')
    await expect(query(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await server.restart()
    expect(await query(url, 'select count(*)::int from kept')).toEqual([2])
  })

  it('starts again at once after kill -9 under open transactions', async () => {
    await using server = await startPostgres()
    const clients = Array.from({ length: 5 }, () => new Client({ connectionString: server.url }))
    for (const client of clients) {
      client.on('error', () => undefined)
      await client.connect()
      await client.query('begin; create temp table busy (number int)')
      client.query('select pg_sleep(600)').catch(() => undefined)
    }
    await server.kill()
    await server.restart()
    expect(await query(server.url, 'select 1')).toEqual([1])
  })

  it('gives fresh databases that do not see each other, and drops them under open connections', async () => {
    await using server = await startPostgres()
    const first = await createDatabase(server.url)
    const second = await createDatabase(server.url)
    await query(first.url, 'create table only_here (number int)')
    await expect(query(second.url, 'select * from only_here')).rejects.toMatchObject({ code: '42P01' })
    const user = new Client({ connectionString: first.url })
    user.on('error', () => undefined)
    await user.connect()
    await first.drop()
    await first.drop()
    await expect(query(first.url, 'select 1')).rejects.toMatchObject({ code: '3D000' })
    await user.end()
  })

  it('can do the work of a request whose reply a fault proxy loses', async () => {
    await using server = await startPostgres()
    await query(server.url, 'create table kept (number int)')
    await using proxy = await startFaultProxy(server.url)
    const client = new Client({ connectionString: proxy.url })
    client.on('error', () => undefined)
    await client.connect()
    const lost = proxy.loseReply({ containing: 'insert into kept' })
    await expect(client.query('insert into kept values (1)')).rejects.toThrow('terminated unexpectedly')
    await lost
    expect(await query(server.url, 'select count(*)::int from kept')).toEqual([1])
  })

  it('ends with the process that started it', async () => {
    const { pid, owner } = await startInChild('postgres')
    owner.stdin.end('exit\n')
    expect(await gone(pid)).toBe(true)
  })

  it('is cleared away by the next start when its owner was killed', async () => {
    const { pid, owner, dataDirectory } = await startInChild('postgres')
    owner.kill('SIGKILL')
    await new Promise((resolve) => owner.once('exit', resolve))
    expect(identifyProcess(pid)).toBeDefined()
    await using _next = await startPostgres()
    expect(identifyProcess(pid)).toBeUndefined()
    expect(existsSync(dataDirectory)).toBe(false)
  })

  it('runs out of a folder that nobody else may enter, for root by placing the data outside', async () => {
    const closed = join(directory, 'closed')
    await mkdir(closed, { mode: 0o700 })
    process.env['EVENTSPINE_DIRECTORY'] = closed
    try {
      await using server = await startPostgres()
      expect(server.dataDirectory.startsWith(closed)).toBe(process.getuid?.() !== 0)
      expect(await query(server.url, 'select 1')).toEqual([1])
      await server.stop()
      expect(existsSync(server.dataDirectory)).toBe(false)
    } finally {
      process.env['EVENTSPINE_DIRECTORY'] = directory
    }
  })
})
