import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKeyspace, serverUrl, startRedis, type OwnServer } from '../src/index.ts'
import { identifyProcess } from '../src/process-identity.ts'
import { serverDefinition } from '../src/registry.ts'
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

async function withClient<Result>(url: string, work: (client: Redis) => Promise<Result>): Promise<Result> {
  const client = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 })
  client.on('error', () => undefined)
  try {
    return await work(client)
  } finally {
    client.disconnect()
  }
}

async function settingOf({ url }: OwnServer, name: string): Promise<unknown> {
  return await withClient(url, (client) => client.call('CONFIG', 'GET', name))
}

describe('a Redis of one’s own', () => {
  it('listens on loopback alone, keeps an append-only file, and is gone with its data after stop', async () => {
    const server = await startRedis()
    expect(server.version).toMatch(/^\d+\.\d+\.\d+$/)
    for (const [name, value] of [
      ['bind', '127.0.0.1'],
      ['appendonly', 'yes'],
      ['appendfsync', 'everysec'],
      ['save', ''],
    ] as const) {
      expect(await settingOf(server, name)).toEqual([name, value])
    }
    expect(existsSync(join(server.dataDirectory, 'appendonlydir'))).toBe(true)
    await server.stop()
    expect(identifyProcess(server.pid)).toBeUndefined()
    expect(existsSync(server.dataDirectory)).toBe(false)
    await server.stop()
  })

  it('takes settings, a password among them, which the URL then holds', async () => {
    await using server = await startRedis({ settings: { requirepass: 'sesame', appendfsync: 'always' } })
    expect(await settingOf(server, 'appendfsync')).toEqual(['appendfsync', 'always'])
    const without = server.url.replace(':sesame@', '')
    await expect(withClient(without, (client) => client.get('a'))).rejects.toThrow('NOAUTH')
  })

  it('keeps its data and its URL over a restart, in order or after kill -9', async () => {
    await using server = await startRedis({ settings: { appendfsync: 'always' } })
    const { url, pid } = server
    await withClient(url, (client) => client.set('kept', 1))
    await server.restart()
    expect(server.pid).not.toBe(pid)
    await withClient(url, (client) => client.incr('kept'))
    await server.kill()
    await expect(withClient(url, (client) => client.get('kept'))).rejects.toThrow()
    await server.restart()
    expect(server.url).toBe(url)
    expect(await withClient(url, (client) => client.get('kept'))).toBe('2')
  })

  it('ends with the process that started it', async () => {
    const { pid, owner } = await startInChild('redis')
    owner.stdin.end('exit\n')
    expect(await gone(pid)).toBe(true)
  })

  it('fails with the end of its log when it cannot start, and leaves no process', async () => {
    await expect(startRedis({ settings: { appendfsync: 'sometimes' } })).rejects.toThrow(
      /redis cannot be used: .*appendfsync.*\n {2}remedy: the whole log is /s,
    )
  })

  it('is not taken for working when it accepts no writes', async () => {
    await using server = await startRedis({ settings: { 'min-replicas-to-write': '0' } })
    const probe = (): Promise<string> => serverDefinition('redis').probe(server.url, 5_000)
    expect(await probe()).toBe(server.version)
    await withClient(server.url, (client) => client.config('SET', 'min-replicas-to-write', 1))
    await expect(probe()).rejects.toThrow('NOREPLICAS')
  })
})

describe('a keyspace of one’s own', () => {
  it('is counted and removed, and nothing else is', async () => {
    const url = await serverUrl('redis')
    await using other = createKeyspace(url)
    const own = createKeyspace(url)
    expect(own.url).toBe(`${url}?prefix=${own.prefix}`)
    await withClient(url, async (client) => {
      await client.mset(`${own.prefix}:a`, 1, `{${own.prefix}:b}:c`, 2, `${other.prefix}:a`, 3)
    })
    expect(await own.count()).toBe(2)
    await own.remove()
    expect(await own.count()).toBe(0)
    expect(await other.count()).toBe(1)
  })
})
