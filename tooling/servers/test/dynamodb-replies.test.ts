import { describe, expect, it } from 'vitest'
import { partialBatch } from '../src/dynamodb-proxy/partial-batch.ts'
import { conflictReply, errorReply } from '../src/dynamodb-proxy/service-error.ts'

describe('a batch of which a part is processed', () => {
  it('is split over its tables, and what came back unprocessed by itself is kept', () => {
    const body = JSON.stringify({
      RequestItems: { one: { Keys: [1, 2], ConsistentRead: true }, two: { Keys: [3, 4] } },
      ReturnConsumedCapacity: 'TOTAL',
    })
    const batch = partialBatch('BatchGetItem', body, 3)
    expect(JSON.parse(batch.body ?? '')).toEqual({
      RequestItems: { one: { Keys: [1, 2], ConsistentRead: true }, two: { Keys: [3] } },
      ReturnConsumedCapacity: 'TOTAL',
    })
    const reply = batch.reply(
      JSON.stringify({ Responses: { one: [1] }, UnprocessedKeys: { two: { Keys: [3] } } }),
    )
    expect(JSON.parse(reply)).toEqual({
      Responses: { one: [1] },
      UnprocessedKeys: { two: { Keys: [4, 3] } },
    })
  })

  it('may be none of it', () => {
    const batch = partialBatch('BatchWriteItem', JSON.stringify({ RequestItems: { one: [1] } }), 0)
    expect(batch.body).toBeUndefined()
    expect(JSON.parse(batch.reply(undefined))).toEqual({ UnprocessedItems: { one: [1] } })
  })

  it('is no other operation', () => {
    expect(() => partialBatch('PutItem', '{}', 1)).toThrow('PutItem is no batch')
  })
})

describe('an error of the service', () => {
  it('has the status by which clients tell whether to repeat', () => {
    expect(errorReply('ThrottlingException').status).toBe(400)
    expect(errorReply('InternalServerError').status).toBe(500)
    expect(errorReply('ServiceUnavailable').status).toBe(503)
  })

  it('that cancels a transaction names an action of it', () => {
    const body = JSON.stringify({ TransactItems: [{}, {}] })
    expect(conflictReply(body, [1]).body).toContain('[None, TransactionConflict]')
    expect(() => conflictReply(body, [2])).toThrow('has 2 actions, none of number 2')
    expect(() => conflictReply('{}', [0])).toThrow('has 0 actions')
  })
})
