import type { Commit, CommitOutcome } from '@eventspine/core'
import { appendArguments, appendOutcome, commitCall, commitOutcome } from './commit-call.ts'
import type { Connection } from './connection.ts'
import type { PartitionKeys } from './keys.ts'
import type { ResendGuard } from './resend-guard.ts'
import { appendScript } from './scripts/append-script.ts'
import { commitScript } from './scripts/commit-script.ts'

export interface CommitterOptions {
  readonly connection: Connection
  readonly keys: readonly PartitionKeys[]
  readonly bodyInFeed: boolean
  /** `undefined`: the client sends nothing twice. */
  readonly guard: ResendGuard | undefined
}

/** Writes commits and batches of documents, each within one partition and by one call of a script. */
export class Committer {
  readonly #options: CommitterOptions

  constructor(options: CommitterOptions) {
    this.#options = options
  }

  async commit(commit: Commit, partition: number): Promise<CommitOutcome> {
    const { guard, connection, bodyInFeed } = this.#options
    const keys = this.#keys(partition)
    const guarded = guard?.take(partition)
    const [append, second] = commit.appends
    if (
      append !== undefined &&
      second === undefined &&
      commit.documents.length === 0 &&
      guarded === undefined
    ) {
      const names = [keys.heads, keys.sequence, keys.stream(append.streamId), keys.feed]
      const answer = await connection.writeScript(appendScript, names, appendArguments(append, bodyInFeed))
      return appendOutcome(answer, append)
    }
    try {
      const call = commitCall(commit, keys, { bodyInFeed, client: guard?.client ?? '', guarded })
      return commitOutcome(await connection.writeScript(commitScript, call.keys, call.args), commit)
    } finally {
      if (guarded !== undefined) guard?.release(partition, guarded)
    }
  }

  #keys(partition: number): PartitionKeys {
    const keys = this.#options.keys[partition]
    if (keys === undefined) throw new RangeError(`there is no partition ${partition}`)
    return keys
  }
}
