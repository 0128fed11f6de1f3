import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ownTable, serverUrl, startDynamodb } from '../src/index.ts'
import { identifyProcess } from '../src/process-identity.ts'
import { serverDefinition } from '../src/registry.ts'
import { gone, startInChild } from './server-in-child.ts'

// An emulator takes half a minute to start where a dozen other programs want the same two processors.
vi.setConfig({ testTimeout: 240_000 })

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eventspine-own-'))
  process.env['EVENTSPINE_DIRECTORY'] = directory
})

afterAll(async () => {
  delete process.env['EVENTSPINE_DIRECTORY']
  await rm(directory, { recursive: true })
})

function clientOf(url: string): DynamoDB {
  return new DynamoDB({
    endpoint: `http://${new URL(url).host}`,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  })
}

async function createTable(client: DynamoDB, TableName: string): Promise<void> {
  await client.createTable({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  })
}

describe('a DynamoDB Local of one’s own', () => {
  it('keeps its data and its URL over a kill -9, and is gone with its data after stop', async () => {
    const server = await startDynamodb()
    const { url, pid } = server
    const client = clientOf(url)
    await createTable(client, 'kept')
    await client.putItem({ TableName: 'kept', Item: { id: { S: 'a' } } })
    await server.kill()
    await expect(client.listTables({})).rejects.toThrow()
    await server.restart()
    expect(server.url).toBe(url)
    expect(server.pid).not.toBe(pid)
    const { Item } = await client.getItem({
      TableName: 'kept',
      Key: { id: { S: 'a' } },
      ConsistentRead: true,
    })
    expect(Item).toEqual({ id: { S: 'a' } })
    client.destroy()
    await server.stop()
    expect(identifyProcess(server.pid)).toBeUndefined()
    expect(existsSync(server.dataDirectory)).toBe(false)
  })

  it('is called an emulator', async () => {
    expect(serverDefinition('dynamodb').title).toContain('an emulator')
  })

  it('ends with the process that started it', async () => {
    const { pid, owner, dataDirectory } = await startInChild('dynamodb')
    owner.stdin.end('exit\n')
    expect(await gone(pid)).toBe(true)
    await rm(dataDirectory, { recursive: true })
  })

  it('refuses a storage that it does not have', async () => {
    await expect(startDynamodb({ settings: { storage: 'tape' } })).rejects.toThrow('not "tape"')
  })
})

describe('a table of one’s own', () => {
  it('is named by its URL and removed, whether or not it was made', async () => {
    const url = await serverUrl('dynamodb')
    const own = ownTable(url)
    expect(new URL(own.url).pathname).toBe(`/${own.table}`)
    await own.remove()
    const client = clientOf(url)
    await createTable(client, own.table)
    await own.remove()
    expect((await client.listTables({})).TableNames).not.toContain(own.table)
    client.destroy()
  })
})
