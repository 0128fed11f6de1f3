import { RevisionConflictError } from '@eventspine/core'
import type {
  DocumentAddress,
  DocumentBatchOutcome,
  DocumentPage,
  DocumentPageRequest,
  DocumentStoreAdapter,
  EncodedDocumentWrite,
  StoredDocument,
} from '@eventspine/core'
import { expectedRevision, integers } from './append-parameters.ts'
import type { Append } from './append.ts'
import { storedDocument, text } from './codec.ts'
import type { Runner, Statement, Value } from './driver.ts'
import { prefixEnd } from './prefix-end.ts'
import type { Statements } from './statements.ts'

/** Expired documents that one expiring write takes away: more than it adds. */
const SWEEP_DOCUMENTS = 4

/** What differs between documents on their own and within a transaction. */
export interface DocumentBinding {
  readonly statements: Statements
  /** Runs reads. */
  readonly runner: Runner
  readonly append: Append
  readonly write: (statement: Statement, values: readonly Value[]) => Promise<string>
  readonly lockTimeoutMs: number
  /** Remove some expired documents in passing. Not where a transaction would hold their rows for long. */
  readonly sweeps: boolean
}

/** The documents of one schema, over whatever runs its statements. */
export class PostgresDocumentStore implements DocumentStoreAdapter {
  readonly #binding: DocumentBinding

  constructor(binding: DocumentBinding) {
    this.#binding = binding
  }

  async doGet(addresses: readonly DocumentAddress[]): Promise<readonly (StoredDocument | undefined)[]> {
    const rows = await this.#binding.runner.run(this.#binding.statements.getDocuments, [
      addresses.map(({ collection }) => collection).join('\n'),
      integers(addresses.map(({ partition }) => partition)),
      addresses.map(({ key }) => key).join('\n'),
    ])
    const found = new Map(rows.map((row) => [Number(row[0]), storedDocument(row, 1)]))
    return addresses.map((_, index) => found.get(index + 1))
  }

  async doWrite(writes: readonly EncodedDocumentWrite[]): Promise<DocumentBatchOutcome> {
    const outcome = await this.#write(writes)
    const { sweeps, write, statements } = this.#binding
    if (outcome.ok && sweeps && writes.some(({ expiresInMs }) => expiresInMs !== undefined)) {
      // What was written stands, whether or not this succeeds; the next expiring write comes by here again.
      await write(statements.sweepDocuments, [SWEEP_DOCUMENTS * writes.length]).catch(() => undefined)
    }
    return outcome
  }

  async doList({ collection, partition, prefix, after, limit }: DocumentPageRequest): Promise<DocumentPage> {
    // Keys hold no control characters, so nothing lies between a key and the same with U+0001 behind it.
    const from = after === undefined ? prefix : `${after}\u0001`
    const { runner, statements } = this.#binding
    const rows = await runner.run(statements.listDocuments, [
      collection,
      partition,
      from,
      prefixEnd(prefix) ?? null,
      limit + 1,
    ])
    const documents = rows.slice(0, limit).map((row) => ({ key: text(row, 0), ...storedDocument(row, 1) }))
    return { documents, next: rows.length > limit ? documents.at(-1)?.key : undefined }
  }

  async #write(writes: readonly EncodedDocumentWrite[]): Promise<DocumentBatchOutcome> {
    const [only, second] = writes
    const { append, lockTimeoutMs, statements, write } = this.#binding
    if (only === undefined || second !== undefined) {
      // A commit of documents alone: the append function locks, checks and writes them together.
      const [outcome] = await append([{ appends: [], documents: writes }], lockTimeoutMs)
      if (outcome === undefined) return { ok: true, revisions: [] }
      return outcome.ok ? { ok: true, revisions: outcome.revisions } : outcome
    }
    const { collection, partition, key, value, expiresInMs } = only
    const expected = expectedRevision(only.expectedRevision)
    const values = [lockTimeoutMs, collection, partition, key, expected, value ?? null, expiresInMs ?? null]
    const revision = await write(statements.writeDocument, values)
    if (revision === '') return { ok: false, error: new RevisionConflictError(collection, key) }
    return { ok: true, revisions: [revision === '0' ? undefined : revision] }
  }
}
