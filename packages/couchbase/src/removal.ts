import { type RemovalOutcome, type StreamRemoval, VersionConflictError } from '@eventspine/core'
import type { Connection } from './connection.ts'
import { FeedRemoval } from './feed-removal.ts'
import type { Keys } from './keys.ts'
import type { Partition } from './partition.ts'
import { type CommitDocument, withoutEvents } from './stored-commit.ts'
import type { StreamReader } from './stream-reader.ts'
import { type StreamTip, type StreamTips, tipOf } from './stream-tips.ts'

export interface RemovalOptions {
  readonly connection: Connection
  readonly keys: Keys
  readonly tips: StreamTips
  readonly reader: StreamReader
  readonly partitions: readonly Partition[]
}

/**
 * Deletes and truncates streams. A deletion is a commit of the stream, which settles it with writers. Then readers of the
 * stream are told by its note where it begins; then events go, out of the feed first: commits stay with the ids alone, so
 * that nobody can insert them again. Repeating goes on where it stopped.
 */
export class Removal {
  readonly #options: RemovalOptions

  constructor(options: RemovalOptions) {
    this.#options = options
  }

  async remove(removal: StreamRemoval): Promise<RemovalOutcome> {
    const { streamId, partition, kind, before, expectedVersion } = removal
    const { tips } = this.#options
    for (;;) {
      const tip = await tips.current(streamId)
      const { version, deleted } = tip
      const fits =
        typeof expectedVersion === 'number'
          ? version === expectedVersion
          : expectedVersion === 'any' || (expectedVersion === 'none') === (version === 0)
      if (!fits) return { ok: false, error: new VersionConflictError(streamId, expectedVersion, version) }
      if (version === 0) return { ok: true, version }
      if (kind === 'truncate') {
        if (!deleted && before > version + 1)
          return { ok: false, error: new VersionConflictError(streamId, before - 1, version) }
        if (!deleted && before > 1) await this.#removeBefore(streamId, partition, before)
        return { ok: true, version }
      }
      const end = deleted ? tip : await this.#delete(streamId, tip)
      // Another commit came first.
      if (end === undefined) continue
      await this.finishDeletion(streamId, partition, end)
      return { ok: true, version }
    }
  }

  /** Removes what is left of a stream whose deletion is its last commit. */
  finishDeletion(streamId: string, partition: number, { version }: StreamTip): Promise<void> {
    return this.#removeBefore(streamId, partition, version + 1)
  }

  async #delete(streamId: string, tip: StreamTip): Promise<StreamTip | undefined> {
    const { connection, keys, tips } = this.#options
    const deletion: CommitDocument = {
      stream: streamId,
      number: tip.number + 1,
      version: tip.version + 1,
      last: tip.version,
      at: tip.sequence,
      id: tip.id ?? '',
      deleted: 1,
      time: Date.now(),
      ...(tip.origin > 1 ? { origin: tip.origin } : {}),
      events: [],
    }
    if (!(await connection.insert(keys.commit(streamId, deletion.number), deletion))) return undefined
    const end = tipOf(deletion)
    tips.learn(streamId, end)
    return end
  }

  async #removeBefore(streamId: string, partition: number, before: number): Promise<void> {
    const { connection, keys, partitions, reader, tips } = this.#options
    const { first = 1, removed = 1 } = (await tips.note(streamId)) ?? {}
    if (first < before) await tips.raiseNote(streamId, { first: before })
    const chain = partitions[partition]?.chain
    if (chain === undefined) throw new RangeError(`there is no partition ${partition}`)
    const feed = new FeedRemoval(connection, chain)
    let number = removed
    for await (const commits of reader.commits(streamId, removed, 1)) {
      const reached = commits.filter((commit) => commit.version < before)
      for (const commit of reached) await feed.remove(commit, before)
      await Promise.all(reached.map((commit) => this.#clear(keys.commit(streamId, commit.number), before)))
      number += reached.filter(({ last }) => last < before).length
      if (reached.length < commits.length) break
    }
    if (number > removed) await tips.raiseNote(streamId, { removed: number })
  }

  async #clear(key: string, before: number): Promise<void> {
    const { connection } = this.#options
    for (;;) {
      const found = await connection.get<CommitDocument>(key)
      const left = found === undefined ? undefined : withoutEvents(found.content, before)
      if (found === undefined || left === undefined) return
      if (await connection.replace(key, left, { cas: found.cas })) return
    }
  }
}
