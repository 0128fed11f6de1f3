import {
  DynamoDB,
  InternalServerError,
  ThrottlingException,
  TransactionCanceledException,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ownTable,
  serverUrl,
  startDynamodbProxy,
  waitUntil,
  type DynamodbProxy,
  type OwnTable,
} from '../src/index.ts'

const patientMs = 60_000
const cutOff = /socket hang up|ECONNRESET/
let own: OwnTable
let direct: DynamoDB

beforeAll(async () => {
  own = ownTable(await serverUrl('dynamodb'))
  direct = clientOf(own.endpoint ?? '')
  await direct.createTable({
    TableName: own.table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  })
})

afterAll(async () => {
  direct.destroy()
  await own.remove()
})

function clientOf(endpoint: string, maxAttempts = 1): DynamoDB {
  return new DynamoDB({
    endpoint,
    maxAttempts,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: { requestTimeout: patientMs, throwOnRequestTimeout: true },
  })
}

async function proxied(work: (proxy: DynamodbProxy, client: DynamoDB) => Promise<void>): Promise<void> {
  await using proxy = await startDynamodbProxy(own.url)
  const client = clientOf(proxy.endpoint)
  try {
    await work(proxy, client)
  } finally {
    client.destroy()
  }
}

function itemOf(id: string): { TableName: string; Item: Record<string, AttributeValue> } {
  return { TableName: own.table, Item: { id: { S: id } } }
}

async function isThere(id: string): Promise<boolean> {
  const { Item } = await direct.getItem({
    TableName: own.table,
    Key: { id: { S: id } },
    ConsistentRead: true,
  })
  return Item !== undefined
}

describe('a proxy in front of DynamoDB', () => {
  it('passes requests and replies on as they are, and counts them by operation', async () => {
    await proxied(async (proxy, client) => {
      expect(proxy.url).toBe(own.url.replace(/:\d+\//, `:${new URL(proxy.endpoint).port}/`))
      const { $metadata } = await client.putItem(itemOf('passed'))
      expect($metadata.requestId).toBeDefined()
      const { Item } = await client.getItem({ TableName: own.table, Key: { id: { S: 'passed' } } })
      expect(Item).toEqual({ id: { S: 'passed' } })
      const absent = client.getItem({ TableName: 'absent', Key: { id: { S: 'a' } } })
      await expect(absent).rejects.toThrow('non-existent table')
      expect(proxy.counts()).toEqual({ PutItem: 1, GetItem: 2 })
      proxy.resetCounts()
      expect(proxy.counts()).toEqual({})
    })
  })

  it('loses a reply: the work is done and the connection is cut', async () => {
    await proxied(async (proxy, client) => {
      const lost = proxy.strike('lose-reply', { operation: 'PutItem', containing: 'lost-reply' })
      await client.putItem(itemOf('other'))
      await expect(client.putItem(itemOf('lost-reply'))).rejects.toThrow(cutOff)
      expect((await lost)?.operation).toBe('PutItem')
      expect(await isThere('lost-reply')).toBe(true)
    })
  })

  it('loses the reply to a conditional put, which a client that repeats by itself takes for refused', async () => {
    await using proxy = await startDynamodbProxy(own.url)
    const client = clientOf(proxy.endpoint, 3)
    const lost = proxy.strike('lose-reply', { operation: 'PutItem' })
    const put = client.putItem({ ...itemOf('twice'), ConditionExpression: 'attribute_not_exists(id)' })
    await expect(put).rejects.toThrow('conditional request failed')
    await lost
    expect(proxy.counts()).toEqual({ PutItem: 2 })
    client.destroy()
  })

  it('loses a request, which is not executed', async () => {
    await proxied(async (proxy, client) => {
      const lost = proxy.strike('lose-request', {})
      await expect(client.putItem(itemOf('lost-request'))).rejects.toThrow(cutOff)
      await lost
      expect(await isThere('lost-request')).toBe(false)
    })
  })

  it('drops a reply and a request: a client waits in vain', async () => {
    await proxied(async (proxy, client) => {
      const strikes = [
        proxy.strike('drop-reply', { containing: 'dropped-reply' }),
        proxy.strike('drop-request', { containing: 'dropped-request' }),
      ]
      let settled = 0
      const puts = ['dropped-reply', 'dropped-request'].map((id) => {
        const put = client.putItem(itemOf(id)).finally(() => {
          settled += 1
        })
        return expect(put).rejects.toThrow(cutOff)
      })
      await Promise.all(strikes)
      expect(await isThere('dropped-reply')).toBe(true)
      expect(await isThere('dropped-request')).toBe(false)
      expect(settled).toBe(0)
      proxy.cut()
      await Promise.all(puts)
    })
  })

  it('delivers a request late, even when its client has gone', async () => {
    await proxied(async (proxy, client) => {
      let deliver = (): void => undefined
      const gone = new Promise<void>((resolve) => {
        deliver = resolve
      })
      const late = proxy.strike({ until: gone }, { nth: 2 })
      await client.putItem(itemOf('at once'))
      const put = expect(client.putItem(itemOf('late'))).rejects.toThrow(cutOff)
      await waitUntil(() => proxy.counts()['PutItem'] === 2, { deadlineMs: patientMs })
      proxy.cut()
      await put
      expect(await isThere('late')).toBe(false)
      deliver()
      await late
      expect(await isThere('late')).toBe(true)
    })
  })

  it('cuts a connection and delivers its request later, after what was sent meanwhile', async () => {
    await proxied(async (proxy, client) => {
      let deliver = (): void => undefined
      const overtaken = new Promise<void>((resolve) => {
        deliver = resolve
      })
      const late = proxy.strike({ until: overtaken, cut: true }, {})
      await expect(client.putItem(itemOf('overtaken'))).rejects.toThrow(cutOff)
      expect(proxy.underWay).toBe(1)
      await client.putItem(itemOf('meanwhile'))
      expect(await isThere('overtaken')).toBe(false)
      deliver()
      await late
      expect(proxy.underWay).toBe(0)
      expect(await isThere('overtaken')).toBe(true)
    })
  })

  it('answers with an error of the service in place of the work, or after it', async () => {
    await proxied(async (proxy, client) => {
      await Promise.all([
        proxy.strike({ error: 'ThrottlingException' }, {}),
        expect(client.putItem(itemOf('throttled'))).rejects.toThrow(ThrottlingException),
      ])
      expect(await isThere('throttled')).toBe(false)
      await Promise.all([
        proxy.strike({ executedError: 'InternalServerError' }, {}),
        expect(client.putItem(itemOf('done'))).rejects.toThrow(InternalServerError),
      ])
      expect(await isThere('done')).toBe(true)
    })
  })

  it('lets a transaction meet another one', async () => {
    await proxied(async (proxy, client) => {
      proxy.decide(() => ({ conflictAt: [1] }))
      const items = ['first', 'second', 'third'].map((id) => ({ Put: itemOf(id) }))
      const failure: unknown = await client
        .transactWriteItems({ TransactItems: items })
        .catch((error: unknown) => error)
      if (!(failure instanceof TransactionCanceledException)) throw failure
      expect(failure.CancellationReasons?.map(({ Code }) => Code)).toEqual([
        'None',
        'TransactionConflict',
        'None',
      ])
      await proxy.pass()
      expect(await isThere('first')).toBe(false)
      await client.transactWriteItems({ TransactItems: items })
      expect(await isThere('third')).toBe(true)
    })
  })

  it('leaves a part of a batch unprocessed', async () => {
    await proxied(async (proxy, client) => {
      const puts = ['b1', 'b2', 'b3'].map((id) => ({ PutRequest: { Item: { id: { S: id } } } }))
      const written = proxy.strike({ processed: 2 }, { operation: 'BatchWriteItem' })
      const { UnprocessedItems } = await client.batchWriteItem({ RequestItems: { [own.table]: puts } })
      await written
      expect(UnprocessedItems).toEqual({ [own.table]: [{ PutRequest: { Item: { id: { S: 'b3' } } } }] })
      expect([await isThere('b2'), await isThere('b3')]).toEqual([true, false])

      const Keys = ['b1', 'b2'].map((id) => ({ id: { S: id } }))
      const request = { RequestItems: { [own.table]: { Keys, ConsistentRead: true } } }
      const read = proxy.strike({ processed: 1 }, { operation: 'BatchGetItem' })
      const part = await client.batchGetItem(request)
      await read
      expect(part.Responses?.[own.table]).toEqual([{ id: { S: 'b1' } }])
      expect(part.UnprocessedKeys).toEqual({
        [own.table]: { Keys: [{ id: { S: 'b2' } }], ConsistentRead: true },
      })
      void proxy.strike({ processed: 0 }, { operation: 'BatchGetItem' })
      const none = await client.batchGetItem(request)
      expect([none.Responses, none.UnprocessedKeys]).toEqual([{}, request.RequestItems])
    })
  })

  it('refuses, and is there again at the same address', async () => {
    await proxied(async (proxy, client) => {
      proxy.refuse()
      proxy.cut()
      await expect(client.listTables({})).rejects.toThrow()
      await proxy.pass()
      expect((await client.listTables({})).TableNames).toContain(own.table)
    })
  })

  it('is for the emulator alone', async () => {
    await expect(startDynamodbProxy('dynamodb:///table?region=eu-central-1')).rejects.toThrow('emulator')
  })
})
