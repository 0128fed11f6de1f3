import { randomUUID } from 'node:crypto'
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { type RemovalOutcome, type StreamRemoval, VersionConflictError } from '@eventspine/core'
import { placeFree } from './append-plan.ts'
import { cancelledForGood, isContention, refusedBy } from './cancellation.ts'
import { commitItems, decodeCommit, partsOf, type StoredCommit, withoutEvents } from './commit-item.ts'
import { type Item, numberOf } from './item.ts'
import { type Keys, numberKey, partKey, STREAM_NOTE } from './keys.ts'
import { loadParts } from './load-parts.ts'
import { busy, Patience } from './patience.ts'
import { fits } from './expectation.ts'
import type { StreamHeads } from './stream-heads.ts'
import type { Table } from './table.ts'

/** How long a removal goes on that meets other transactions at one item. */
const PATIENCE_MS = 30_000
/** Commits that are rewritten at once. */
const ABREAST = 8
/** Commits of one read. */
const PAGE_COMMITS = 200

/**
 * Removes events of streams. First the stream's note says from where on it can be read, which hides the others from whoever
 * reads the stream; of a deleted one a mark in the place of the next commit refuses appends. Then each commit is
 * rewritten with the ids alone, which is what takes them out of the feed. A crash in between leaves the rest to a repeat.
 */
export class Removal {
  readonly #table: Table
  readonly #keys: Keys
  readonly #heads: StreamHeads

  constructor(table: Table, keys: Keys, heads: StreamHeads) {
    this.#table = table
    this.#keys = keys
    this.#heads = heads
  }

  async remove(removal: StreamRemoval): Promise<RemovalOutcome> {
    const { streamId, partition, kind, before, expectedVersion } = removal
    const patience = new Patience(PATIENCE_MS)
    for (;;) {
      const head = await this.#heads.describe(streamId, partition)
      const { version, deleted } = head
      if (!fits(expectedVersion, { version, deleted: false }))
        return { ok: false, error: new VersionConflictError(streamId, expectedVersion, version) }
      if (version === 0) return { ok: true, version }
      if (!deleted && kind === 'truncate' && before > version + 1)
        return { ok: false, error: new VersionConflictError(streamId, before - 1, version) }
      const bound = deleted || kind === 'delete' ? version + 1 : before
      if (kind === 'delete' && !deleted) {
        if (!(await this.#mark(streamId, head))) {
          // An append came in between, or is about to.
          if (!(await patience.wait())) throw busy()
          continue
        }
        this.#heads.remember(streamId, { version, deleted: true })
      } else await this.#note(streamId, 'first', bound)
      await this.#bury(streamId, partition, bound)
      return { ok: true, version }
    }
  }

  /** Refuses appends and hides everything, at once. `false`: the stream goes on behind `version`. */
  async #mark(
    streamId: string,
    {
      version,
      sequence,
      id,
    }: { readonly version: number; readonly sequence: number; readonly id: string | undefined },
  ): Promise<boolean> {
    const pk = this.#keys.stream(streamId)
    const mark: Item = {
      pk: { S: pk },
      sk: { S: numberKey(version + 1) },
      deleted: { S: `${sequence} ${id ?? ''}` },
    }
    const TableName = this.#table.name
    const outcome = await this.#table.transact(
      [
        { Put: { TableName, Item: mark, ...placeFree() } },
        {
          Update: {
            TableName,
            Key: { pk: { S: pk }, sk: { S: STREAM_NOTE } },
            UpdateExpression: 'SET #first = :first',
            ExpressionAttributeNames: { '#first': 'first' },
            ExpressionAttributeValues: { ':first': { N: String(version + 1) } },
          },
        },
      ],
      randomUUID(),
    )
    if (outcome.ok) return true
    const { reasons } = outcome
    if (!reasons.some(refusedBy) && !reasons.some(isContention)) throw cancelledForGood(reasons)
    return false
  }

  /** Raises a number of the stream's note. */
  async #note(streamId: string, attribute: 'first' | 'buried', value: number): Promise<void> {
    if (value <= 1) return
    await this.#table.update({
      Key: { pk: { S: this.#keys.stream(streamId) }, sk: { S: STREAM_NOTE } },
      UpdateExpression: 'SET #note = :value',
      ConditionExpression: 'attribute_not_exists(#note) OR #note < :value',
      ExpressionAttributeNames: { '#note': attribute },
      ExpressionAttributeValues: { ':value': { N: String(value) } },
    })
  }

  /** Rewrites the commits that hold events below `bound`. */
  async #bury(streamId: string, partition: number, bound: number): Promise<void> {
    const pk = this.#keys.stream(streamId)
    const note = await this.#table.get({ pk, sk: STREAM_NOTE })
    // All that begin below it were buried as a whole.
    let from = Math.max(1, numberOf(note ?? {}, 'buried', 1))
    let buried = from
    for (;;) {
      if (from >= bound) break
      const to = numberKey(bound - 1)
      const page = await this.#table.query({ pk, from: numberKey(from), to, limit: PAGE_COMMITS })
      const items = page.items.filter((item) => item['events'] !== undefined)
      for (let index = 0; index < items.length; index += ABREAST) {
        await Promise.all(
          items
            .slice(index, index + ABREAST)
            .map((item) => this.#buryCommit(streamId, partition, item, bound)),
        )
      }
      const last = items.at(-1)
      if (last !== undefined) {
        const { first, count } = decodeLine(last)
        from = first + count
        buried = from <= bound ? from : first
      }
      if (page.exhausted || last === undefined) break
    }
    await this.#note(streamId, 'buried', buried)
  }

  async #buryCommit(streamId: string, partition: number, found: Item, bound: number): Promise<void> {
    const patience = new Patience(PATIENCE_MS)
    let item: Item | undefined = found
    while (item !== undefined) {
      const { first, count } = decodeLine(item)
      const removed = Math.min(count, bound - first)
      if (removed <= numberOf(item, 'removed', 0)) return
      const rest = partsOf(item) === 0 ? '' : await loadParts(this.#table, this.#keys, streamId, item)
      if (rest !== undefined) {
        const commit = decodeCommit(item, streamId, partition, rest)
        if (await this.#rewrite(streamId, item, commit, removed)) return
      }
      // Another removal was here, or is: what it left is seen when it is read again.
      if (!(await patience.wait())) throw busy()
      item = await this.#table.get({ pk: this.#keys.stream(streamId), sk: numberKey(first) })
    }
  }

  /** `false`: it was changed since it was read. */
  async #rewrite(streamId: string, item: Item, commit: StoredCommit, removed: number): Promise<boolean> {
    const { text, ids } = withoutEvents(commit, removed)
    const [base = item, ...parts] = commitItems(this.#keys, streamId, commit.first, text)
    base['removed'] = { N: String(removed) }
    base['ids'] = { S: ids.join('\n') }
    if (item['places'] !== undefined) base['places'] = item['places']
    const unchanged = {
      ConditionExpression: commit.removed === 0 ? 'attribute_not_exists(#removed)' : '#removed = :removed',
      ExpressionAttributeNames: { '#removed': 'removed' },
      ...(commit.removed === 0
        ? {}
        : { ExpressionAttributeValues: { ':removed': { N: String(commit.removed) } } }),
    }
    if (commit.parts === 0) {
      const outcome = await this.#table.put({ Item: base, ...unchanged })
      return outcome.ok || numberOf(outcome.item ?? {}, 'removed', 0) >= removed
    }
    const TableName = this.#table.name
    const actions: TransactWriteItem[] = [{ Put: { TableName, Item: base, ...unchanged } }]
    for (const part of parts)
      actions.push({ Put: { TableName, Item: { ...part, removed: { N: String(removed) } } } })
    for (let index = parts.length + 1; index <= commit.parts; index++) {
      const Key = { pk: { S: this.#keys.parts(streamId) }, sk: { S: partKey(commit.first, index) } }
      actions.push({ Delete: { TableName, Key } })
    }
    const outcome = await this.#table.transact(actions, randomUUID())
    if (!outcome.ok && !outcome.reasons.some(refusedBy) && !outcome.reasons.some(isContention))
      throw cancelledForGood(outcome.reasons)
    return outcome.ok
  }
}

function decodeLine(item: Item): { readonly first: number; readonly count: number } {
  const [, , count] = (item['events']?.S ?? '').split('\n', 1)[0]?.split(' ') ?? []
  return { first: Number(item['sk']?.S), count: Number(count) }
}
