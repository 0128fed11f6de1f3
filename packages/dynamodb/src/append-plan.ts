import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { CommitOutcome, StreamOutcome } from '@eventspine/core'
import type { PendingCommit } from './append-batch.ts'
import { commitItems, commitLine } from './commit-item.ts'
import { prepareWrite, transactAction } from './document-write.ts'
import type { Keys } from './keys.ts'
import { entryLine, slotItem } from './slot-item.ts'
import type { Head } from './stream-heads.ts'
import { TRANSACTION_ACTIONS, TRANSACTION_BYTES } from './transaction-size.ts'

/** What an action of a transaction is there for. */
export interface ActionOwner {
  readonly pending: PendingCommit
  /** Of the first item of a stream's events; absent for parts, which nothing can refuse, and documents. */
  readonly streamId?: string
  /** Index among the commit's documents. */
  readonly document?: number
}

export interface PlannedCommit {
  readonly pending: PendingCommit
  readonly outcome: CommitOutcome
}

interface PlanOptions {
  readonly table: string
  readonly keys: Keys
  readonly partition: number
  /** Sequence of the last event before. */
  readonly tail: number
  readonly token: string
  readonly nowMs: number
}

/** Beside the lines: the keys and names of the slot's item. */
const SLOT_BYTES = 400

/** One transaction: a slot of the feed, and the commits that it names. */
export class AppendPlan {
  readonly token: string
  readonly commits: PlannedCommit[] = []
  /** Where its streams end once it is written. */
  readonly heads = new Map<string, Head>()
  readonly #options: PlanOptions
  readonly #actions: TransactWriteItem[] = []
  readonly #owners: ActionOwner[] = []
  readonly #lines: string[] = []
  #bytes = SLOT_BYTES
  #sequence: number
  #lastId = ''

  constructor(options: PlanOptions) {
    this.#options = options
    this.#sequence = options.tail
    this.token = options.token
  }

  /** Sequence of its last event. */
  get last(): number {
    return this.#sequence
  }

  hasRoomFor({ actions, bytes }: PendingCommit): boolean {
    // One action is the slot's.
    return this.#actions.length + actions < TRANSACTION_ACTIONS && this.#bytes + bytes <= TRANSACTION_BYTES
  }

  /** @param heads - of the commit's streams, in their order. */
  add(pending: PendingCommit, heads: readonly Head[]): void {
    const { commit, lines } = pending
    const { keys, table, nowMs } = this.#options
    const streams = commit.appends.map(({ streamId, events }, index): StreamOutcome => {
      const head = heads[index] ?? { version: 0, deleted: false }
      const first = head.version + 1
      const text = commitLine(this.#sequence + 1, nowMs, events.length) + (lines[index] ?? '')
      for (const [part, item] of commitItems(keys, streamId, first, text).entries()) {
        if (part === 0)
          this.#act({ Put: { TableName: table, Item: item, ...placeFree(head) } }, { pending, streamId })
        else this.#act({ Put: { TableName: table, Item: item } }, { pending })
      }
      this.#lines.push(entryLine({ streamId, item: first, skip: 0, count: events.length }))
      this.#sequence += events.length
      this.#lastId = events.at(-1)?.id ?? this.#lastId
      const version = head.version + events.length
      this.heads.set(streamId, { version, deleted: false })
      return { version, sequence: this.#sequence }
    })
    const writes = commit.documents.map((write) => prepareWrite(write, keys, nowMs))
    for (const [document, write] of writes.entries())
      this.#act(transactAction(write, table), { pending, document })
    this.#bytes += pending.bytes
    this.commits.push({
      pending,
      outcome: { ok: true, streams, revisions: writes.map(({ revision }) => revision) },
    })
  }

  /** The slot comes first. */
  get actions(): TransactWriteItem[] {
    const { table, keys, partition, tail, token } = this.#options
    const slot = slotItem(keys.feed(partition), tail + 1, {
      lines: this.#lines,
      count: this.#sequence - tail,
      lastId: this.#lastId,
      token,
    })
    return [{ Put: { TableName: table, Item: slot, ...placeFree() } }, ...this.#actions]
  }

  /** Of the action at `index` among {@link actions}; `undefined` for the slot. */
  owner(index: number): ActionOwner | undefined {
    return this.#owners[index - 1]
  }

  #act(action: TransactWriteItem, owner: ActionOwner): void {
    this.#actions.push(action)
    this.#owners.push(owner)
  }
}

/** The condition of what is written behind an end: it is the end still. */
export function placeFree(head?: Head) {
  // Behind the last commit of a deleted stream stands a mark, in whose place the next commit comes.
  return head?.deleted === true
    ? ({
        ConditionExpression: 'attribute_exists(#deleted)',
        ExpressionAttributeNames: { '#deleted': 'deleted' },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      } as const)
    : ({
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      } as const)
}
