import { randomUUID } from 'node:crypto'
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { freePort, ownTable, startDynamodb } from '@eventspine/servers'
import { describe, expect, it } from 'vitest'
import { createStore, createTable, dynamodb, openUrl } from '../src/index.ts'
import { clientOf, serverUrl } from './backend.ts'
import { counted, numbersOf, openProxied, refusedWith, useEnds } from './server.ts'

const onEnd = useEnds()

/** For starting an emulator of the test's own, and starting it again, on a busy machine. */
const TWO_STARTS_MS = 300_000

function ownClient(url = serverUrl()): DynamoDBClient {
  const client = clientOf(url)
  onEnd(() => client.destroy())
  return client
}

describe('opening is refused with what is the matter', () => {
  it('when nothing is there', async () => {
    const port = await freePort()
    const error = await refusedWith(() =>
      openUrl(`dynamodb://id:hunter2@127.0.0.1:${port}/events?region=local&ssl=false`),
    )
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', outcome: 'not-applied', retryable: true })
    expect(String(error)).not.toContain('hunter2')
  })

  it('when the table or the store in it is missing, or has another number of partitions', async () => {
    const own = ownTable(serverUrl())
    onEnd(() => own.remove())
    const { table } = own
    const client = ownClient()
    expect(await refusedWith(() => dynamodb({ client, table }))).toMatchObject({ code: 'STORE_MISSING' })
    expect(await refusedWith(() => createStore(client, { table }))).toMatchObject({ code: 'STORE_MISSING' })
    await createTable(client, { table })
    expect(await refusedWith(() => dynamodb({ client, table }))).toMatchObject({ code: 'STORE_MISSING' })
    await createStore(client, { table, partitions: 4 })
    expect(await refusedWith(() => dynamodb({ client, table, partitions: 8 }))).toMatchObject({
      code: 'STORE_INCOMPATIBLE',
    })
    const backend = await dynamodb({ client, table })
    expect(backend.store.partitions).toBe(4)
    await backend.close()
    // A client of somebody else's is not ended.
    await client.send(new DescribeTableCommand({ TableName: table }))
  })

  it('when the table was made for something else', async () => {
    const own = ownTable(serverUrl())
    onEnd(() => own.remove())
    const client = ownClient()
    await client.send(
      new CreateTableCommand({
        TableName: own.table,
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    )
    for (const open of [
      () => dynamodb({ client, table: own.table }),
      () => dynamodb({ client, table: own.table, create: true }),
      () => createTable(client, { table: own.table }),
    ]) {
      expect(await refusedWith(open)).toMatchObject({ code: 'STORE_INCOMPATIBLE', outcome: 'not-applied' })
    }
  })

  it('when the store is of a newer version', async () => {
    const own = ownTable(serverUrl())
    onEnd(() => own.remove())
    const { table } = own
    const client = ownClient()
    await createTable(client, { table })
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: { pk: { S: 'eventspine|m' }, sk: { S: 'manifest' }, formatVersion: { N: '2' } },
      }),
    )
    const error = await refusedWith(() => dynamodb({ client, table, create: true }))
    expect(error).toMatchObject({ code: 'STORE_INCOMPATIBLE' })
    expect(String(error)).toContain('upgrade')
  })

  it('when the service refuses the credentials', async () => {
    const { proxy, table } = await openProxied(onEnd)
    const client = ownClient(proxy.url)
    for (const name of [
      'AccessDeniedException',
      'ExpiredTokenException',
      'UnrecognizedClientException',
    ] as const) {
      proxy.decide(() => ({ error: name }))
      expect(await refusedWith(() => dynamodb({ client, table }))).toMatchObject({
        code: 'ACCESS_DENIED',
        outcome: 'not-applied',
        retryable: false,
      })
    }
  })
})

it('makes the table when asked to, once, however many ask', async () => {
  const own = ownTable(serverUrl())
  onEnd(() => own.remove())
  const open = async () => {
    const backend = await openUrl(own.url, { create: true, partitions: 2 })
    onEnd(() => backend.close())
    return backend.store.incarnation
  }
  const incarnations = await Promise.all([open(), open(), open()])
  expect(new Set(incarnations).size).toBe(1)
})

it('repeats what was throttled or met another transaction, and writes it once', async () => {
  const { proxy, backend } = await openProxied(onEnd)
  const { store } = backend
  await store.append('counter:1', [counted(0)])
  let left = 6
  proxy.decide(({ operation }) => {
    if (operation !== 'TransactWriteItems' || left === 0) return undefined
    left--
    return left % 2 === 0 ? { conflictAt: [0] } : { error: 'ThrottlingException' }
  })
  expect(await store.append('counter:1', [counted(1)], { expectedVersion: 1 })).toMatchObject({ version: 2 })
  expect(left).toBe(0)
  expect(await numbersOf(store.read('counter:1'))).toEqual([0, 1])
})

it('repeats a single write whose document a transaction has in hand', async () => {
  const { proxy, backend } = await openProxied(onEnd)
  const notes = backend.documents.collection('notes')
  let left = 3
  proxy.decide(({ operation }) =>
    operation === 'PutItem' && left-- > 0 ? { error: 'TransactionConflictException' } : undefined,
  )
  const revision = await notes.put('n', 1, { expectedRevision: 'none' })
  expect(left).toBeLessThanOrEqual(0)
  expect((await notes.get('n'))?.revision).toBe(revision)
  proxy.decide(({ operation }) =>
    operation === 'PutItem' ? { error: 'TransactionConflictException' } : undefined,
  )
  expect(await refusedWith(() => notes.put('n', 2))).toMatchObject({ code: 'BUSY', outcome: 'not-applied' })
})

it('is BUSY, with nothing written, when others are ahead for longer than it may wait', async () => {
  const { proxy, backend } = await openProxied(onEnd)
  const { store } = backend
  proxy.decide(({ operation }) => (operation === 'TransactWriteItems' ? { conflictAt: [0] } : undefined))
  const error = await refusedWith(() => store.append('counter:1', [counted(1)], { lockTimeoutMs: 100 }))
  expect(error).toMatchObject({ code: 'BUSY', outcome: 'not-applied', retryable: true })
  await proxy.pass()
  expect((await store.head('counter:1')).version).toBe(0)
})

it('says BUSY when reads are throttled without end, and reads what a batch had left out', async () => {
  const { proxy, backend } = await openProxied(onEnd)
  const { store } = backend
  await Promise.all(
    Array.from({ length: 30 }, (_, number) => store.append(`counter:${number}`, [counted(number)])),
  )
  proxy.decide(({ operation }) => (operation === 'BatchGetItem' ? { processed: 7 } : undefined))
  expect((await store.feed().toArray()).length).toBe(30)
  proxy.decide(({ operation }) =>
    operation === 'Query' ? { error: 'ProvisionedThroughputExceededException' } : undefined,
  )
  expect(await refusedWith(() => store.feed().toArray())).toMatchObject({
    code: 'BUSY',
    outcome: 'not-applied',
    retryable: true,
  })
})

describe('a reply that was lost', () => {
  it('is no conflict: the client asks again by itself, and gets the answer to the first time', async () => {
    const { proxy, backend } = await openProxied(onEnd)
    const { store, documents } = backend
    const notes = documents.collection('notes')
    const first = proxy.strike('lose-reply', { operation: 'TransactWriteItems' })
    expect(await store.append('counter:1', [counted(1)], { expectedVersion: 0 })).toMatchObject({
      version: 1,
      repeated: false,
    })
    const second = proxy.strike('lose-reply', { operation: 'PutItem' })
    const revision = await notes.put('n', 1, { expectedRevision: 'none' })
    expect((await notes.get('n'))?.revision).toBe(revision)
    const third = proxy.strike('lose-reply', { operation: 'TransactWriteItems' })
    await notes.delete('n', { expectedRevision: { revision } })
    const fourth = proxy.strike('lose-reply', { operation: 'PutItem' })
    await store.seal(0)
    for (const struck of [first, second, third, fourth]) expect(await struck).toBeDefined()
    expect(await notes.get('n')).toBeUndefined()
    expect(await numbersOf(store.feed())).toEqual([1])
  })

  it('leaves the outcome unknown when the service fails again and again', async () => {
    const { proxy, backend } = await openProxied(onEnd)
    const { store } = backend
    proxy.decide(({ operation }) =>
      operation === 'TransactWriteItems' ? { executedError: 'InternalServerError' } : undefined,
    )
    const events = [{ ...counted(1), id: randomUUID() }]
    const error = await refusedWith(() => store.append('counter:1', events, { expectedVersion: 0 }))
    expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown', retryable: true })
    await proxy.pass()
    expect(await store.append('counter:1', events, { expectedVersion: 0 })).toMatchObject({
      version: 1,
      repeated: true,
    })
    expect(await numbersOf(store.feed())).toEqual([1])
  })
})

it('keeps out a transaction that arrives after others took its place', async () => {
  const { proxy, backend, beside } = await openProxied(onEnd)
  const other = (await beside()).store
  let arrive: () => void = () => undefined
  const until = new Promise<void>((resolve) => (arrive = resolve))
  const late = proxy.strike({ until }, { operation: 'TransactWriteItems', containing: 'counter:late' })
  const attempt = backend.store.append('counter:late', [counted(1)], { expectedVersion: 0 })
  // The first transaction is on its way when the other writer takes the place that it is for.
  await expect.poll(() => proxy.counts()['TransactWriteItems'], { timeout: 60_000 }).toBe(1)
  await other.append('counter:late', [counted(2)], { expectedVersion: 0 })
  arrive()
  expect(await late).toBeDefined()
  expect(await refusedWith(() => attempt)).toMatchObject({ code: 'VERSION_CONFLICT', actualVersion: 1 })
  expect(await numbersOf(other.feed())).toEqual([2])
})

it(
  'goes on by itself when the server was gone and is back, with all that was acknowledged',
  async () => {
    const server = await startDynamodb()
    onEnd(() => server.stop())
    const { table } = ownTable(server.url)
    const client = ownClient(server.url)
    const backend = await dynamodb({ client, table, create: true })
    onEnd(() => backend.close())
    await backend.store.append('counter:1', [counted(1)])
    await server.kill()
    const append = () => backend.store.append('counter:1', [counted(2)], { expectedVersion: 1 })
    expect(await refusedWith(append)).toMatchObject({ retryable: true })
    expect(await refusedWith(() => backend.store.head('counter:1'))).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      outcome: 'not-applied',
    })
    await server.restart()
    await expect
      .poll(() => backend.store.head('counter:1').then(({ version }) => version, String), { timeout: 60_000 })
      .toBe(1)
    expect(await append()).toMatchObject({ version: 2 })
  },
  TWO_STARTS_MS,
)

it('writes once what the client sent again, when the first attempt comes late and the second met another transaction', async () => {
  const { proxy, backend } = await openProxied(onEnd)
  const { store } = backend
  await store.append('counter:1', [counted(0)])
  let arrive = (): void => undefined
  const until = new Promise<void>((resolve) => (arrive = resolve))
  const which = { operation: 'TransactWriteItems' }
  const late = proxy.strike({ until, cut: true }, which)
  const conflict = proxy.strike({ conflictAt: [0] }, which)
  proxy.decide(({ operation }) => {
    if (operation !== 'TransactWriteItems') return undefined
    arrive()
    return { until: late.then(() => undefined) }
  })
  expect((await store.append('counter:1', [counted(1)])).version).toBe(2)
  expect(await conflict).toBeDefined()
  expect(await late).toBeDefined()
  await proxy.pass()
  expect(await numbersOf(store.read('counter:1'))).toEqual([0, 1])
  expect((await store.feed().toArray()).length).toBe(2)
})

it('says of what was refused after an attempt that may arrive that nobody knows', async () => {
  const { proxy, backend } = await openProxied(onEnd)
  const { store, documents } = backend
  await store.append('counter:1', [counted(0)])
  for (const [operation, write] of [
    ['TransactWriteItems', () => store.append('counter:1', [counted(1)], { expectedVersion: 1 })],
    ['PutItem', () => documents.collection('notes').put('n', 1)],
  ] as const) {
    const lost = proxy.strike('lose-request', { operation })
    proxy.decide((request) =>
      request.operation === operation ? { error: 'ThrottlingException' } : undefined,
    )
    expect(await refusedWith(write)).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown' })
    expect(await lost).toBeDefined()
    await proxy.pass()
  }
})
