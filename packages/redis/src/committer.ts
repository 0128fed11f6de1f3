import { type Commit, type CommitOutcome, EventStoreError, type StreamAppend } from '@eventspine/core'
import { appendCall, appendOutcomes, packAppends, type PackedAppend } from './append-call.ts'
import { commitCall, commitOutcome, type ScriptCall } from './commit-call.ts'
import type { Connection } from './connection.ts'
import type { PartitionKeys } from './keys.ts'
import type { GuardedCall, ResendGuard } from './resend-guard.ts'
import { appendScript } from './scripts/append-script.ts'
import { commitScript } from './scripts/commit-script.ts'
import type { Script } from './scripts/script.ts'

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

  /**
   * A batch of one partition. Commits of one stream without documents, which most are, go together: a call costs the
   * client and the server more than what it does for one of them. Calls follow each other, so that commits which share
   * a stream keep their order even when a server must be told its script first.
   */
  async commitAll(commits: readonly Commit[], partition: number): Promise<readonly CommitOutcome[]> {
    const calls = batchCalls(commits)
    const outcomes: CommitOutcome[] = []
    for (const call of calls) {
      try {
        if ('commit' in call) outcomes.push(await this.commit(call.commit, partition))
        else outcomes.push(...(await this.#append(call.appends, partition)))
      } catch (error) {
        // What went before is written: only those that are in this call share its fate, and those that were not sent.
        if (outcomes.length === 0 || !EventStoreError.is(error)) throw error
        return commits.map((_, index) => outcomes[index] ?? { ok: false, error })
      }
    }
    return outcomes
  }

  commit(commit: Commit, partition: number): Promise<CommitOutcome> {
    const call = (keys: PartitionKeys, guarded: GuardedCall | undefined): ScriptCall =>
      commitCall(commit, keys, { ...this.#callOptions(), guarded })
    return this.#write(commitScript, partition, call, (answer) => commitOutcome(answer, commit))
  }

  #append(appends: readonly PackedAppend[], partition: number): Promise<readonly CommitOutcome[]> {
    const call = (keys: PartitionKeys, guarded: GuardedCall | undefined): ScriptCall =>
      appendCall(appends, keys, { ...this.#callOptions(), guarded })
    return this.#write(appendScript, partition, call, (answer) => appendOutcomes(answer, appends))
  }

  async #write<Result>(
    script: Script,
    partition: number,
    call: (keys: PartitionKeys, guarded: GuardedCall | undefined) => ScriptCall,
    read: (answer: unknown) => Result,
  ): Promise<Result> {
    const { guard, connection } = this.#options
    const guarded = guard?.take(partition)
    try {
      const { keys, args } = call(this.#keys(partition), guarded)
      return read(await connection.writeScript(script, keys, args))
    } finally {
      if (guarded !== undefined) guard?.release(partition, guarded)
    }
  }

  #callOptions(): { readonly bodyInFeed: boolean; readonly client: string } {
    const { bodyInFeed, guard } = this.#options
    return { bodyInFeed, client: guard?.client ?? '' }
  }

  #keys(partition: number): PartitionKeys {
    const keys = this.#options.keys[partition]
    if (keys === undefined) throw new RangeError(`there is no partition ${partition}`)
    return keys
  }
}

type BatchCall = { readonly commit: Commit } | { readonly appends: readonly PackedAppend[] }

/** The calls that a batch takes: usually one. */
function batchCalls(commits: readonly Commit[]): readonly BatchCall[] {
  const calls: BatchCall[] = []
  let run: StreamAppend[] = []
  const endRun = (): void => {
    for (const appends of packAppends(run)) calls.push({ appends })
    run = []
  }
  for (const commit of commits) {
    const [append, second] = commit.appends
    if (append !== undefined && second === undefined && commit.documents.length === 0) run.push(append)
    else {
      endRun()
      calls.push({ commit })
    }
  }
  endRun()
  return calls
}
