import type { CommitStream, EventStore, EventStoreError, NewEvent } from '@eventspine/core'
import { AppendPipeline } from './append-pipeline.ts'
import { CommitParts } from './commit-parts.ts'
import { branch, file, toCommitEvent, toFileEvent } from './events.ts'
import { type CommitHeader, type FileChange, readHistory } from './git/history.ts'
import type { HeadCommit } from './git/repository.ts'
import { HistoryConflictError } from './history-conflict-error.ts'
import type { StreamNames } from './stream-names.ts'
import { retryTransient } from './retry-transient.ts'
import { storedTip, type StoredTip } from './stored-tip.ts'

export interface ReplayOptions {
  readonly store: EventStore
  readonly names: StreamNames
  /** Folder of the repository. */
  readonly path: string
  readonly head: HeadCommit
  /** Commits to replay, from the oldest on. What the store holds beyond stays. */
  readonly limit: number
  /** Stops between two commits. */
  readonly signal: AbortSignal
  readonly observer: ReplayObserver
}

export interface ReplayObserver {
  /** Before the first event: how far the store is, and how far this run goes. */
  readonly onStart: (storedCommits: number, lastCommit: number) => void
  /** Commits that stand in the store, and events that this run wrote. */
  readonly onProgress: (commits: number, writtenEvents: number) => void
  readonly onRetry: (error: EventStoreError) => void
}

export interface Replayed {
  /** The commit up to which the store holds the history. */
  readonly commit: string
  readonly commits: number
  /** Of these commits, whoever wrote them. */
  readonly events: number
  readonly written: { readonly commits: number; readonly events: number; readonly seconds: number }
}

/**
 * Brings the store up to the repository's history: one event a changed path, then one for the commit.
 *
 * What is stored already is passed over: the branch's stream says how many commits are complete, and the versions
 * of the files' streams follow from the history itself, so nothing is read for them.
 *
 * @throws {@link HistoryConflictError} the store holds other commits under this history's name.
 */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  return await new Replay(options).run()
}

class Replay {
  readonly #options: ReplayOptions
  readonly #parts: CommitParts
  readonly #pipeline: AppendPipeline
  /** Of every stream of this history, as it is after the commits read so far. */
  readonly #versions = new Map<string, number>()
  #stored: StoredTip = { commits: 0, commit: undefined }
  #storedIsOld = false
  #number = 0
  #files = 0
  #events = 0
  #completed = 0
  #written = 0

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#parts = new CommitParts(options.store, options.names.branch)
    this.#pipeline = new AppendPipeline(options.store, {
      onCommit: () => {
        this.#completed++
        this.#report()
      },
      onEvents: (written) => {
        this.#written += written
        this.#report()
      },
      onRepeated: () => (this.#storedIsOld = true),
      onRetry: options.observer.onRetry,
    })
  }

  async run(): Promise<Replayed> {
    const { store, names, head, limit, observer } = this.#options
    this.#stored = await storedTip(store, names)
    if (this.#stored.commits > head.commits) {
      throw new HistoryConflictError(`it has ${this.#stored.commits} commits, the repository ${head.commits}`)
    }
    const storedBefore = this.#stored.commits
    const last = Math.max(Math.min(limit, head.commits), storedBefore)
    observer.onStart(storedBefore, last)
    const startedAt = performance.now()
    const commit = await this.#readUpTo(last)
    await this.#pipeline.drain()
    const seconds = (performance.now() - startedAt) / 1000
    const written = { commits: this.#completed, events: this.#written, seconds }
    return { commit: commit.hash, commits: this.#number, events: this.#events, written }
  }

  async #readUpTo(last: number): Promise<CommitHeader> {
    const { path, head, signal } = this.#options
    let open: CommitHeader | undefined
    for await (const entries of readHistory(path, head.hash)) {
      for (const entry of entries) {
        if (entry.kind === 'change') {
          if (open !== undefined) await this.#change(entry, open)
          continue
        }
        if (open !== undefined) await this.#end(open)
        if (open !== undefined && this.#number === last) return open
        signal.throwIfAborted()
        await this.#begin(entry)
        open = entry
      }
    }
    if (open === undefined || this.#number !== last)
      throw new Error('git log ended before the commit that it was to reach')
    await this.#end(open)
    return open
  }

  async #begin({ hash }: CommitHeader): Promise<void> {
    if (this.#storedIsOld) {
      // Another run is at work on the same history and ahead: what it has stored need not be sent.
      this.#storedIsOld = false
      const { store, names, observer } = this.#options
      this.#stored = await retryTransient(() => storedTip(store, names), observer.onRetry)
    }
    this.#number++
    this.#files = 0
    if (this.#number === this.#stored.commits && hash !== this.#stored.commit) {
      throw new HistoryConflictError(
        `commit ${this.#number} is ${this.#stored.commit}, in the repository ${hash}`,
      )
    }
  }

  async #change(change: FileChange, commit: CommitHeader): Promise<void> {
    const streamId = this.#options.names.file(change.path)
    const version = this.#nextVersion(streamId)
    this.#files++
    if (this.#isStored()) return
    const [event] = await file.validate([toFileEvent(change, streamId, commit, this.#number)])
    const full = this.#parts.add(stream(streamId, version, event), sizeBound(change.path.length))
    if (full !== undefined) await this.#pipeline.send(full)
  }

  async #end(commit: CommitHeader): Promise<void> {
    const streamId = this.#options.names.branch
    const version = this.#nextVersion(streamId)
    if (this.#isStored()) return
    const [event] = await branch.validate([toCommitEvent(commit, streamId, this.#files)])
    const size = sizeBound(commit.authorName.length + commit.authorEmail.length)
    const { parts, last } = this.#parts.end(stream(streamId, version, event), size)
    for (const part of parts) await this.#pipeline.send(part)
    await this.#pipeline.complete(last)
  }

  /** The version that a stream's next event is appended at. */
  #nextVersion(streamId: string): number {
    const version = this.#versions.get(streamId) ?? 0
    this.#versions.set(streamId, version + 1)
    this.#events++
    return version
  }

  #isStored(): boolean {
    return this.#number <= this.#stored.commits
  }

  #report(): void {
    this.#options.observer.onProgress(this.#stored.commits + this.#completed, this.#written)
  }
}

function stream(streamId: string, expectedVersion: number, event: NewEvent | undefined): CommitStream {
  if (event === undefined) throw new TypeError('a contract returns an event for each that it is given')
  return { streamId, expectedVersion, events: [event] }
}

/** No event of texts this long takes more bytes: JSON makes at most six of one, base64 not twice as many. */
function sizeBound(textBytes: number): number {
  return 8 * textBytes + 8192
}
