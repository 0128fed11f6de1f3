import { BatchWriteItemCommand, DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { type Backend, partitionOf } from '@eventspine/core'
import { dynamodb } from '@eventspine/dynamodb'
import { ownTable, type OwnTable } from '@eventspine/servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { golden, withBytes } from './golden-vectors.ts'

const PARTITIONS = 4
const streamId = 'bank-account:42'
const partition = partitionOf(streamId, PARTITIONS)

let own: OwnTable
let client: DynamoDBClient
let backend: Backend

beforeEach(async () => {
  own = ownTable(process.env['EVENTSPINE_TEST_DYNAMODB'] ?? '')
  const { username, password, searchParams } = new URL(own.url)
  const region = searchParams.get('region')
  client = new DynamoDBClient({
    ...(region === null ? {} : { region }),
    ...(own.endpoint === undefined ? {} : { endpoint: own.endpoint }),
    ...(username === '' ? {} : { credentials: { accessKeyId: username, secretAccessKey: password } }),
  })
  backend = await dynamodb({ client, table: own.table, create: true, partitions: PARTITIONS })
})

afterEach(async () => {
  await backend.close()
  client.destroy()
  await own.remove()
})

/** Attributes as plain values, by sort key. */
async function itemsOf(pk: string): Promise<Readonly<Record<string, object>>> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: own.table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      ConsistentRead: true,
    }),
  )
  return Object.fromEntries(
    Items.map(({ pk: _pk, sk, ...rest }) => {
      const values = Object.entries(rest).map(([name, { S, N }]) => [name, S ?? Number(N)])
      return [sk?.S ?? '', Object.fromEntries(values) as object]
    }),
  )
}

/** The vectors share an id, which one append cannot. */
function idOf(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
}

/** The lines of the vectors in an item. */
const vectorLines = golden.events
  .map(({ stored }, index) => {
    const { schemaVersion, codec, type, data, metadata } = stored
    return `\n${codec} ${schemaVersion} ${idOf(index)} ${type}\n${data}\n${metadata}`
  })
  .join('')
const last = golden.events.length
const lastId = idOf(last - 1)
const first = '0000000000000001'

describe('the items of docs/wire.md', () => {
  it('hold the vectors after an append', async () => {
    const events = golden.events.map(({ given }, index) => ({ ...withBytes(given), id: idOf(index) }))
    await backend.store.append(streamId, events)
    const commits = (await itemsOf(`eventspine|s|${streamId}`)) as Record<string, { events: string }>
    expect(Object.keys(commits)).toEqual([first])
    const [, time, lines] = /^1 (\d+) \d+(\n.*)$/s.exec(commits[first]?.events ?? '') ?? []
    expect(Math.abs(Number(time) - Date.now())).toBeLessThan(60_000)
    expect(lines).toBe(vectorLines)
    expect(await itemsOf(`eventspine|f|${partition}`)).toEqual({
      [first]: {
        slot: expect.stringMatching(new RegExp(`^${last} ${lastId} \\S+\\n1\\*${last} ${streamId}$`)),
      },
    })
    expect(await itemsOf('eventspine|m')).toEqual({
      manifest: {
        formatVersion: 1,
        incarnation: backend.store.incarnation,
        partitions: PARTITIONS,
        hash: 'murmur2',
        codec: 'json',
      },
    })
  })

  it('are read when another program has written them by the rules', async () => {
    const put = (pk: string, sk: string, name: string, text: string) => ({
      PutRequest: { Item: { pk: { S: pk }, sk: { S: sk }, [name]: { S: text } } },
    })
    const text = `1 1795000000000 ${last}${vectorLines}`
    const requests = [
      put(`eventspine|s|${streamId}`, first, 'events', text),
      put(`eventspine|f|${partition}`, first, 'slot', `${last} ${lastId} any-token\n1*${last} ${streamId}`),
    ]
    await client.send(new BatchWriteItemCommand({ RequestItems: { [own.table]: requests } }))
    const events = await backend.store.feed({ partition }).toArray()
    expect(events.map(({ data }) => data)).toEqual(golden.events.map(({ given }) => withBytes(given).data))
    expect(events.map(({ tags }) => tags)).toEqual(golden.events.map(({ given }) => given.tags ?? []))
    expect(events[0]?.timestamp).toBe(new Date(1_795_000_000_000).toISOString())
    const options = { expectedVersion: last }
    const { version } = await backend.store.append(streamId, [{ type: 'Noted', data: {} }], options)
    expect(version).toBe(last + 1)
    expect(await backend.store.feed({ partition, after: events.at(-1)?.position }).toArray()).toHaveLength(1)
  })

  it('mark what was removed, deleted and sealed', async () => {
    const notes = ['a', 'b', 'c'].map((text, index) => ({ id: idOf(index), type: 'Noted', data: text }))
    await backend.store.append(streamId, notes)
    await backend.store.truncate(streamId, { before: 2 })
    const kept = `\n0 1 ${idOf(1)} Noted\n"b"\n{}\n0 1 ${idOf(2)} Noted\n"c"\n{}`
    expect(await itemsOf(`eventspine|s|${streamId}`)).toMatchObject({
      0: { first: 2 },
      [first]: { events: expect.stringMatching(new RegExp(`^1 \\d+ 3${kept}$`)), removed: 1, ids: idOf(0) },
    })
    await backend.store.delete(streamId)
    expect(await itemsOf(`eventspine|s|${streamId}`)).toEqual({
      0: { first: 4, buried: 4 },
      [first]: {
        events: expect.stringMatching(/^1 \d+ 3$/),
        removed: 3,
        ids: [0, 1, 2].map(idOf).join('\n'),
      },
      '0000000000000004': { deleted: `3 ${idOf(2)}` },
    })
    await backend.store.seal(partition)
    expect(await itemsOf(`eventspine|f|${partition}`)).toMatchObject({
      '0000000000000004': { sealed: idOf(2) },
    })
  })

  it('hold large commits in parts, and imported ones with their places', async () => {
    await backend.store.append(streamId, [{ type: 'Noted', data: 'x'.repeat(400_000) }])
    const commits = (await itemsOf(`eventspine|s|${streamId}`)) as Record<string, { events: string }>
    const parts = (await itemsOf(`eventspine|p|${streamId}`)) as Record<string, { events: string }>
    expect(commits[first]).toMatchObject({ parts: 1 })
    expect(Object.keys(parts)).toEqual([`${first}.001`])
    const text = `${commits[first]?.events}${parts[`${first}.001`]?.events}`
    expect(text).toMatch(/^1 \d+ 1\n0 1 \S+ Noted\n"x{400000}"\n{}$/)

    const imported = 'note:imported'
    const events = [5, 6].map((streamPosition, index) => ({
      streamId: imported,
      streamPosition,
      id: idOf(index),
      type: 'Noted',
      schemaVersion: 1,
      timestamp: new Date(1_795_000_000_000 + index).toISOString(),
      data: {},
      metadata: {},
    }))
    await backend.store.import(events)
    const at = (await backend.store.head(imported)).position?.split('.')[2] ?? ''
    const places = [Number(at) - 1, Number(at)].map(
      (sequence, index) => `${sequence} ${1_795_000_000_000 + index}`,
    )
    expect(await itemsOf(`eventspine|s|${imported}`)).toMatchObject({
      0: { first: 5 },
      [first]: { absent: 4 },
      '0000000000000005': { places: places.join('\n') },
    })
  })

  it('hold documents with the revision that users see', async () => {
    const notes = backend.documents.collection('notes', { listed: true })
    const revision = await notes.put('n', { text: 'x' }, { partition, expiresInMs: 60_000 })
    const Key = { pk: { S: `eventspine|d|${partition}|notes` }, sk: { S: 'n' } }
    const { Item = {} } = await client.send(
      new GetItemCommand({ TableName: own.table, Key, ConsistentRead: true }),
    )
    const expires = Number(Item['expires']?.N)
    expect(Item).toMatchObject({ value: { S: '{"text":"x"}' }, revision: { S: revision } })
    expect(Item['ttl']?.N).toBe(String(Math.ceil(expires / 1000)))
  })
})
