import { type Commit, type CommitOutcome, EventStoreError } from '@eventspine/core'
import { eventLines } from './commit-item.ts'
import { PART_BYTES } from './text-parts.ts'
import { checkTransactionActions, checkTransactionBytes } from './transaction-size.ts'

/** A commit that has no verdict yet. */
export interface PendingCommit {
  readonly index: number
  readonly commit: Commit
  /** The events of each of its streams as text. */
  readonly lines: readonly string[]
  /** At most so many actions and bytes of a transaction. */
  readonly actions: number
  readonly bytes: number
}

/** Bytes of an item besides its text: keys with the longest prefix, and names. */
const ITEM_BYTES = 250
/** Bytes of a document besides its value. */
const DOCUMENT_BYTES = 350

/** Commits and their verdicts. */
export class AppendBatch {
  pending: readonly PendingCommit[]
  readonly #outcomes: (CommitOutcome | undefined)[]

  constructor(commits: readonly Commit[]) {
    this.#outcomes = commits.map(() => undefined)
    this.pending = commits.map(pendingCommit)
    for (const { index, actions, bytes } of this.pending) {
      const error = checkTransactionActions(actions + 1) ?? checkTransactionBytes(bytes)
      if (error !== undefined) this.settle(index, { ok: false, error })
    }
    this.sweep()
  }

  get hasOutcomes(): boolean {
    return this.#outcomes.some((outcome) => outcome !== undefined)
  }

  settle(index: number, outcome: CommitOutcome): void {
    this.#outcomes[index] = outcome
  }

  /** Lets those go that have their verdict. */
  sweep(): void {
    this.pending = this.pending.filter(({ index }) => this.#outcomes[index] === undefined)
  }

  refuseRest(error: EventStoreError): void {
    for (const { index } of this.pending) this.settle(index, { ok: false, error })
    this.pending = []
  }

  get outcomes(): readonly CommitOutcome[] {
    return this.#outcomes.map((outcome) => outcome ?? { ok: false, error: forgotten() })
  }
}

function pendingCommit(commit: Commit, index: number): PendingCommit {
  const lines = commit.appends.map(({ events }) => eventLines(events))
  let actions = lines.length + commit.documents.length
  let bytes = 0
  for (const [at, text] of lines.entries()) {
    const size = Buffer.byteLength(text)
    actions += Math.floor(size / PART_BYTES)
    bytes += size + (1 + Math.floor(size / PART_BYTES)) * ITEM_BYTES
    // Twice: in the keys of its items, and in the slot.
    bytes += 2 * Buffer.byteLength(commit.appends[at]?.streamId ?? '')
  }
  for (const { value = '', key, collection } of commit.documents)
    bytes +=
      Buffer.byteLength(value) + Buffer.byteLength(key) + Buffer.byteLength(collection) + DOCUMENT_BYTES
  return { index, commit, lines, actions, bytes }
}

function forgotten(): EventStoreError<'BACKEND_FAILED'> {
  return new EventStoreError('BACKEND_FAILED', 'dynamodb: a commit was given no verdict', {
    outcome: 'unknown',
  })
}
