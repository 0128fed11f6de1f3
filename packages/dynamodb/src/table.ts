import {
  BatchGetItemCommand,
  type CancellationReason,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DeleteItemCommandInput,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb'
import { EventStoreError } from '@eventspine/core'
import { AttemptWatch, PER_ATTEMPT } from './attempt-watch.ts'
import { backoffMs, pause } from './backoff.ts'
import { classifyError } from './classify-error.ts'
import type { Item } from './item.ts'
import type { ItemKey } from './keys.ts'

/** The part of a collection of items to read. Bounds are inclusive. */
export interface ItemRange {
  readonly pk: string
  readonly from: string
  readonly to: string
  readonly backward?: boolean
  readonly limit: number
  /** Also what is only about to be written everywhere may be missing. Default `true`. */
  readonly consistent?: boolean
}

/** Items whose sort keys begin alike. */
export interface ItemListing {
  readonly pk: string
  readonly prefix: string
  /** Exclusive. */
  readonly after: string | undefined
  readonly limit: number
}

export interface ItemPage {
  readonly items: readonly Item[]
  /** Nothing of the range lies behind. May be `false` although nothing does. */
  readonly exhausted: boolean
}

/** A refused condition, with the item that it was held against, if there is one. */
export type ConditionOutcome = { readonly ok: true } | { readonly ok: false; readonly item: Item | undefined }

export type TransactOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly reasons: readonly CancellationReason[]
      /** An earlier attempt of the client may still arrive, and be executed where its conditions hold then. */
      readonly inDoubt: boolean
    }

/** Keys that one request reads. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const BATCH_KEYS = 100
/** Attempts at what the service keeps leaving out; with their pauses about 10 s. */
const MOST_ATTEMPTS = 14

/** Attempts at a single write whose item transactions have in hand; with their pauses about 2 s. */
const CONFLICT_ATTEMPTS = 8

/** Sends requests about one table over a client, and gives what fails its type. Reads are consistent. */
export class Table {
  readonly name: string
  readonly #client: DynamoDBClient

  constructor(client: DynamoDBClient, name: string) {
    this.#client = client
    this.name = name
  }

  async get({ pk, sk }: ItemKey): Promise<Item | undefined> {
    const input = { TableName: this.name, Key: { pk: { S: pk }, sk: { S: sk } }, ConsistentRead: true }
    try {
      return (await this.#client.send(new GetItemCommand(input))).Item
    } catch (error) {
      throw classifyError(error, false)
    }
  }

  async query({ pk, from, to, backward = false, limit, consistent = true }: ItemRange): Promise<ItemPage> {
    return this.#page({
      TableName: this.name,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: from }, ':to': { S: to } },
      ScanIndexForward: !backward,
      ConsistentRead: consistent,
      Limit: limit,
    })
  }

  /** Items whose sort key begins with `prefix`, in order, behind the key `after`. */
  async list({ pk, prefix, after, limit }: ItemListing): Promise<ItemPage> {
    const input: QueryCommandInput = {
      TableName: this.name,
      KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': { S: pk }, ...(prefix === '' ? {} : { ':prefix': { S: prefix } }) },
      ConsistentRead: true,
      Limit: limit,
      ...(after === undefined ? {} : { ExclusiveStartKey: { pk: { S: pk }, sk: { S: after } } }),
    }
    return this.#page(input)
  }

  /** The items that are there, in no order. Keys are distinct. For `consistent` see {@link ItemRange}. */
  async batchGet(keys: readonly ItemKey[], consistent = true): Promise<readonly Item[]> {
    if (keys.length <= BATCH_KEYS) return this.#batchGet(keys, consistent)
    const chunks = Array.from({ length: Math.ceil(keys.length / BATCH_KEYS) }, (_, index) =>
      this.#batchGet(keys.slice(index * BATCH_KEYS, (index + 1) * BATCH_KEYS), consistent),
    )
    return (await Promise.all(chunks)).flat()
  }

  async put(input: Omit<PutItemCommandInput, 'TableName'>): Promise<ConditionOutcome> {
    return this.#conditionally((attempts) => {
      const command = new PutItemCommand({ ...input, ...this.#conditional })
      command.middlewareStack.add(attempts.middleware, PER_ATTEMPT)
      return this.#client.send(command)
    })
  }

  async update(input: Omit<UpdateItemCommandInput, 'TableName'>): Promise<ConditionOutcome> {
    return this.#conditionally((attempts) => {
      const command = new UpdateItemCommand({ ...input, ...this.#conditional })
      command.middlewareStack.add(attempts.middleware, PER_ATTEMPT)
      return this.#client.send(command)
    })
  }

  async delete(input: Omit<DeleteItemCommandInput, 'TableName'>): Promise<ConditionOutcome> {
    return this.#conditionally((attempts) => {
      const command = new DeleteItemCommand({ ...input, ...this.#conditional })
      command.middlewareStack.add(attempts.middleware, PER_ATTEMPT)
      return this.#client.send(command)
    })
  }

  /**
   * All or none of `actions`. The client repeats the request by itself when a reply is lost; the token makes that one
   * transaction for ten minutes.
   */
  async transact(actions: TransactWriteItem[], token: string): Promise<TransactOutcome> {
    const command = new TransactWriteItemsCommand({ TransactItems: actions, ClientRequestToken: token })
    const attempts = new AttemptWatch()
    command.middlewareStack.add(attempts.middleware, PER_ATTEMPT)
    try {
      await this.#client.send(command)
      return { ok: true }
    } catch (error) {
      const inDoubt = attempts.isInDoubtBefore(error)
      if (error instanceof TransactionCanceledException || nameOf(error) === 'TransactionCanceledException') {
        const { CancellationReasons } = error as TransactionCanceledException
        if (CancellationReasons !== undefined) return { ok: false, reasons: CancellationReasons, inDoubt }
      }
      throw classifyError(error, true, inDoubt)
    }
  }

  async #page(input: QueryCommandInput): Promise<ItemPage> {
    try {
      const { Items = [], LastEvaluatedKey } = await this.#client.send(new QueryCommand(input))
      return { items: Items, exhausted: LastEvaluatedKey === undefined }
    } catch (error) {
      throw classifyError(error, false)
    }
  }

  get #conditional() {
    return { TableName: this.name, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const
  }

  async #conditionally(send: (attempts: AttemptWatch) => Promise<unknown>): Promise<ConditionOutcome> {
    const attempts = new AttemptWatch()
    for (let attempt = 1; ; attempt++) {
      try {
        await send(attempts)
        return { ok: true }
      } catch (error) {
        if (
          error instanceof ConditionalCheckFailedException ||
          nameOf(error) === 'ConditionalCheckFailedException'
        )
          return { ok: false, item: (error as ConditionalCheckFailedException).Item }
        // A transaction has the item in hand, and will not for long. The client does not repeat this by itself.
        if (nameOf(error) !== 'TransactionConflictException' || attempt === CONFLICT_ATTEMPTS)
          throw classifyError(error, true, attempts.isInDoubtBefore(error))
        await pause(backoffMs(attempt))
      }
    }
  }

  async #batchGet(keys: readonly ItemKey[], consistent: boolean): Promise<readonly Item[]> {
    const items: Item[] = []
    let left = keys.map(({ pk, sk }): Item => ({ pk: { S: pk }, sk: { S: sk } }))
    for (let attempt = 0; left.length > 0; attempt++) {
      if (attempt === MOST_ATTEMPTS)
        throw new EventStoreError('BUSY', 'dynamodb: the service left keys of a read out again and again', {
          retryable: true,
        })
      const before = items.length
      const input = { RequestItems: { [this.name]: { Keys: left, ConsistentRead: consistent } } }
      try {
        const { Responses, UnprocessedKeys } = await this.#client.send(new BatchGetItemCommand(input))
        items.push(...(Responses?.[this.name] ?? []))
        left = UnprocessedKeys?.[this.name]?.Keys ?? []
      } catch (error) {
        throw classifyError(error, false)
      }
      // What was left out for its size comes next; for want of capacity it must wait.
      if (left.length > 0 && items.length === before) await pause(backoffMs(attempt))
      else attempt = 0
    }
    return items
  }
}

/** Of errors that another copy of the SDK made. */
function nameOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined
}
