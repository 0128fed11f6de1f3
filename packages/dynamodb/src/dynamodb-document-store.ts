import { randomUUID } from 'node:crypto'
import {
  type DocumentAddress,
  type DocumentBatchOutcome,
  type DocumentPage,
  type DocumentPageRequest,
  type DocumentStoreAdapter,
  type EncodedDocumentWrite,
  RevisionConflictError,
  type StoredDocument,
} from '@eventspine/core'
import { cancelledForGood, isContention, refusedBy } from './cancellation.ts'
import { prepareWrite, transactAction, writeBytes } from './document-write.ts'
import { type Item, textOf } from './item.ts'
import type { ItemKey, Keys } from './keys.ts'
import { busy, Patience, undecided } from './patience.ts'
import type { Table } from './table.ts'
import { checkTransactionBytes } from './transaction-size.ts'

/** How long a batch goes on that meets other transactions. */
const BATCH_PATIENCE_MS = 5000

/** The documents of one store: an item each. */
export class DynamodbDocumentStore implements DocumentStoreAdapter {
  readonly #table: Table
  readonly #keys: Keys

  constructor(table: Table, keys: Keys) {
    this.#table = table
    this.#keys = keys
  }

  async doGet(addresses: readonly DocumentAddress[]): Promise<readonly (StoredDocument | undefined)[]> {
    const keys = addresses.map(({ collection, partition, key }): ItemKey => {
      return { pk: this.#keys.documents(collection, partition), sk: key }
    })
    const [first] = keys
    if (first !== undefined && keys.length === 1) return [liveDocument(await this.#table.get(first))]
    const distinct = new Map(keys.map((key) => [itemName(key), key]))
    const items = new Map<string, Item>()
    for (const item of await this.#table.batchGet([...distinct.values()]))
      items.set(itemName({ pk: textOf(item, 'pk'), sk: textOf(item, 'sk') }), item)
    return keys.map((key) => liveDocument(items.get(itemName(key))))
  }

  async doWrite(writes: readonly EncodedDocumentWrite[]): Promise<DocumentBatchOutcome> {
    const [first] = writes
    if (first === undefined) return { ok: true, revisions: [] }
    // A deletion at a revision that the client repeats by itself finds nothing there: only a transaction knows itself again.
    const repeatable = first.value !== undefined || typeof first.expectedRevision === 'string'
    if (writes.length === 1 && repeatable) return this.#writeOne(first)
    return this.#writeAll(writes)
  }

  async doList({ collection, partition, prefix, after, limit }: DocumentPageRequest): Promise<DocumentPage> {
    const pk = this.#keys.documents(collection, partition)
    const documents: (StoredDocument & { readonly key: string })[] = []
    let last = after
    for (;;) {
      const { items, exhausted } = await this.#table.list({
        pk,
        prefix,
        after: last,
        limit: limit - documents.length,
      })
      for (const item of items) {
        last = textOf(item, 'sk')
        const document = liveDocument(item)
        if (document !== undefined) documents.push({ key: last, ...document })
      }
      if (exhausted) return { documents, next: undefined }
      if (documents.length >= limit) return { documents, next: last }
    }
  }

  async #writeOne(write: EncodedDocumentWrite): Promise<DocumentBatchOutcome> {
    const { key, item, revision, condition } = prepareWrite(write, this.#keys, Date.now())
    const outcome =
      item === undefined
        ? await this.#table.delete({ Key: { pk: { S: key.pk }, sk: { S: key.sk } }, ...condition })
        : await this.#table.put({ Item: item, ...condition })
    // The reply to the first attempt was lost, and the client's second finds what the first has written.
    const written = outcome.ok || (revision !== undefined && outcome.item?.['revision']?.S === revision)
    return written ? { ok: true, revisions: [revision] } : refused(write)
  }

  async #writeAll(writes: readonly EncodedDocumentWrite[]): Promise<DocumentBatchOutcome> {
    const patience = new Patience(BATCH_PATIENCE_MS)
    const prepared = writes.map((write) => prepareWrite(write, this.#keys, Date.now()))
    const tooLarge = checkTransactionBytes(prepared.reduce((sum, each) => sum + writeBytes(each), 0))
    if (tooLarge !== undefined) return { ok: false, error: tooLarge }
    const actions = prepared.map((each) => transactAction(each, this.#table.name))
    // The same one each time, so that an attempt of the client which comes late is none of its own.
    const token = randomUUID()
    for (let inDoubt = false; ;) {
      const outcome = await this.#table.transact(actions, token)
      if (outcome.ok) return { ok: true, revisions: prepared.map(({ revision }) => revision) }
      inDoubt ||= outcome.inDoubt
      const refusedAt = outcome.reasons.findIndex(refusedBy)
      const write = writes[refusedAt]
      // A revision that is gone does not come back; a document that is there may be gone when a late attempt arrives.
      const isDecided = typeof write?.expectedRevision === 'object'
      if (write !== undefined && (isDecided || !inDoubt)) return refused(write)
      if (write !== undefined) throw undecided()
      if (!outcome.reasons.some(isContention)) throw cancelledForGood(outcome.reasons)
      if (!(await patience.wait())) throw inDoubt ? undecided() : busy()
    }
  }
}

/** `undefined` also of one that has expired: the service takes its time to delete it. */
function liveDocument(item: Item | undefined): StoredDocument | undefined {
  if (item === undefined) return undefined
  const expires = item['expires']?.N
  const expiresAtMs = expires === undefined ? undefined : Number(expires)
  if (expiresAtMs !== undefined && expiresAtMs <= Date.now()) return undefined
  return { value: textOf(item, 'value'), revision: textOf(item, 'revision'), expiresAtMs }
}

function refused({ collection, key }: EncodedDocumentWrite): DocumentBatchOutcome {
  return { ok: false, error: new RevisionConflictError(collection, key) }
}

function itemName({ pk, sk }: ItemKey): string {
  return `${pk}\n${sk}`
}
