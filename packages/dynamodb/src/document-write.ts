import { randomBytes } from 'node:crypto'
import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { EncodedDocumentWrite } from '@eventspine/core'
import type { Item } from './item.ts'
import type { ItemKey, Keys } from './keys.ts'

/** A condition as requests take it. */
export interface Condition {
  readonly ConditionExpression?: string
  readonly ExpressionAttributeNames?: Record<string, string>
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>
}

/** One write of a document, ready to be sent alone or within a transaction. */
export interface PreparedWrite {
  readonly write: EncodedDocumentWrite
  readonly key: ItemKey
  /** `undefined` deletes. */
  readonly item: Item | undefined
  /** Of the document that is written. */
  readonly revision: string | undefined
  readonly condition: Condition
}

/** By the writer's clock, since the service has none that a condition could ask. */
export function prepareWrite(write: EncodedDocumentWrite, keys: Keys, nowMs: number): PreparedWrite {
  const { collection, partition, key: sk, value, expiresInMs } = write
  const key = { pk: keys.documents(collection, partition), sk }
  const condition = conditionOf(write, nowMs)
  if (value === undefined) return { write, key, item: undefined, revision: undefined, condition }
  // Drawn at random: one that was given before and deleted since must not come again, and nothing is left to count from.
  const revision = randomBytes(12).toString('base64url')
  const item: Item = { pk: { S: key.pk }, sk: { S: sk }, value: { S: value }, revision: { S: revision } }
  if (expiresInMs !== undefined) {
    const expiresAtMs = nowMs + expiresInMs
    item['expires'] = { N: String(expiresAtMs) }
    // What the service deletes by, in seconds and when it comes to it; until then readers hide it.
    item['ttl'] = { N: String(Math.ceil(expiresAtMs / 1000)) }
  }
  return { write, key, item, revision, condition }
}

const EXPIRES = { '#expires': 'expires' }

function conditionOf({ expectedRevision }: EncodedDocumentWrite, nowMs: number): Condition {
  const now = { ':now': { N: String(nowMs) } }
  if (expectedRevision === 'any') return {}
  if (expectedRevision === 'none') {
    return {
      ConditionExpression: 'attribute_not_exists(pk) OR #expires <= :now',
      ExpressionAttributeNames: EXPIRES,
      ExpressionAttributeValues: now,
    }
  }
  return {
    ConditionExpression: '#revision = :revision AND (attribute_not_exists(#expires) OR #expires > :now)',
    ExpressionAttributeNames: { ...EXPIRES, '#revision': 'revision' },
    ExpressionAttributeValues: { ...now, ':revision': { S: expectedRevision.revision } },
  }
}

/** The write as an action of a transaction. */
export function transactAction({ key, item, condition }: PreparedWrite, table: string): TransactWriteItem {
  if (item !== undefined) return { Put: { TableName: table, Item: item, ...condition } }
  return { Delete: { TableName: table, Key: { pk: { S: key.pk }, sk: { S: key.sk } }, ...condition } }
}

/** UTF-8 bytes that the write counts in a transaction. */
export function writeBytes({ write, key }: PreparedWrite): number {
  const attributes = 200
  return (
    attributes + Buffer.byteLength(write.value ?? '') + Buffer.byteLength(key.pk) + Buffer.byteLength(key.sk)
  )
}
