import type {
  DocumentStoreAdapter,
  EncodedDocumentWrite,
  ExpectedRevision,
  StoredDocument,
} from '@eventspine/core'
import type { MemoryDatabase } from '@eventspine/memory'
import { changingDocuments, turn } from './changing.ts'
import type { Mutant } from './mutant.ts'

function addressOf({
  collection,
  partition,
  key,
}: Pick<EncodedDocumentWrite, 'collection' | 'partition' | 'key'>): string {
  return JSON.stringify([collection, partition, key])
}

/** Revisions that count a document's writes, and begin again when it was deleted. */
class CountedRevisions {
  readonly #counts = new Map<string, { readonly count: number; readonly revision: string }>()

  toReal(address: string, expected: ExpectedRevision): ExpectedRevision {
    const current = this.#counts.get(address)
    if (typeof expected === 'string' || current === undefined) return expected
    return String(current.count) === expected.revision
      ? { revision: current.revision }
      : { revision: 'stale' }
  }

  written(address: string, revision: string | undefined): string | undefined {
    if (revision === undefined) {
      this.#counts.delete(address)
      return undefined
    }
    const count = (this.#counts.get(address)?.count ?? 0) + 1
    this.#counts.set(address, { count, revision })
    return String(count)
  }

  shown(address: string, document: StoredDocument | undefined): StoredDocument | undefined {
    const current = this.#counts.get(address)
    return document && current ? { ...document, revision: String(current.count) } : document
  }
}

function removeExpired(database: MemoryDatabase): void {
  for (const [address, { expiresAtMs }] of database.documents) {
    if (expiresAtMs !== undefined && expiresAtMs <= database.clock()) database.documents.delete(address)
  }
}

export const documentMutants: readonly Mutant[] = [
  {
    law: 'K1',
    id: 'K1/counted-revisions',
    breaks: 'counts the writes of a document for its revision, and begins again after a delete',
    killedBy: ['documents/revisions-never-repeat'],
    create: () => {
      const revisions = new CountedRevisions()
      return changingDocuments((documents) => ({
        doGet: async (addresses) => {
          const found = await documents.doGet(addresses)
          return addresses.map((address, index) => revisions.shown(addressOf(address), found[index]))
        },
        doWrite: async (writes) => {
          const outcome = await documents.doWrite(
            writes.map((write) => ({
              ...write,
              expectedRevision: revisions.toReal(addressOf(write), write.expectedRevision),
            })),
          )
          if (!outcome.ok) return outcome
          return {
            ok: true,
            revisions: writes.map((write, index) =>
              revisions.written(addressOf(write), outcome.revisions[index]),
            ),
          }
        },
      }))
    },
  },
  {
    law: 'K1',
    id: 'K1/get-then-put',
    breaks: 'compares the revision, and writes in a second step',
    killedBy: ['documents/racing', 'documents/no-lost-update'],
    create: () =>
      changingDocuments((documents) => ({
        doWrite: async (writes) => {
          const [write] = writes
          if (write === undefined || writes.length > 1) return documents.doWrite(writes)
          const [current] = await documents.doGet([write])
          const { expectedRevision } = write
          const fits =
            typeof expectedRevision === 'object'
              ? current?.revision === expectedRevision.revision
              : expectedRevision === 'none' && current === undefined
          if (!fits) return documents.doWrite(writes)
          await turn()
          return documents.doWrite([{ ...write, expectedRevision: 'any' }])
        },
      })),
  },
  {
    law: 'K1',
    id: 'K1/last-write-wins',
    breaks: 'compares no revision at all',
    killedBy: ['documents/expected-revision', 'documents/racing'],
    create: () =>
      changingDocuments((documents) => ({
        doWrite: (writes) =>
          documents.doWrite(writes.map((write) => ({ ...write, expectedRevision: 'any' }))),
      })),
  },
  {
    law: 'K2',
    id: 'K2/one-by-one',
    breaks: 'writes a batch document by document and stops at the first conflict',
    killedBy: ['document-batch/one-conflict', 'document-batch/never-half-visible'],
    create: () =>
      changingDocuments((documents) => ({
        doWrite: async (writes) => {
          const revisions: (string | undefined)[] = []
          for (const write of writes) {
            const outcome = await documents.doWrite([write])
            if (!outcome.ok) return outcome
            revisions.push(...outcome.revisions)
            await turn()
          }
          return { ok: true, revisions }
        },
      })),
  },
  {
    law: 'K3',
    id: 'K3/still-listed',
    breaks: 'lists expired documents until they are swept away',
    killedBy: ['document-expiry/not-returned'],
    create: (database) =>
      changingDocuments((documents) => ({
        doList: async (request) => {
          const page = await documents.doList({ ...request, limit: 1000 })
          const expired = [...database.documents.values()].filter(
            ({ collection, key }) =>
              collection === request.collection && !page.documents.some((document) => document.key === key),
          )
          return { documents: [...page.documents, ...expired], next: undefined }
        },
      })),
  },
  {
    law: 'K3',
    id: 'K3/still-expected',
    breaks: 'takes an expired document for present when a write expects none',
    killedBy: ['document-expiry/is-absent'],
    create: (database) =>
      changingDocuments((documents: DocumentStoreAdapter) => ({
        doWrite: async (writes) => {
          const changed = writes.map((write) => {
            const kept = [...database.documents.values()].find(
              (document) => addressOf(document) === addressOf(write),
            )
            return kept !== undefined && write.expectedRevision === 'none'
              ? { ...write, expectedRevision: { revision: kept.revision } }
              : write
          })
          return documents.doWrite(changed)
        },
      })),
  },
  {
    law: 'K3',
    id: 'K3/expiry-kept',
    breaks: 'keeps the old expiry when a document is written anew without one',
    killedBy: ['document-expiry/renewed'],
    create: (database) => {
      const expiries = new Map<string, number>()
      return changingDocuments((documents) => ({
        doWrite: (writes) => {
          removeExpired(database)
          return documents.doWrite(
            writes.map((write) => {
              const expiresInMs = write.expiresInMs ?? expiries.get(addressOf(write))
              if (expiresInMs !== undefined) expiries.set(addressOf(write), expiresInMs)
              return { ...write, expiresInMs }
            }),
          )
        },
      }))
    },
  },
  {
    law: 'K4',
    id: 'K4/utf16-order',
    breaks: 'lists in the order of UTF-16 units',
    killedBy: ['document-listing/order'],
    create: () =>
      changingDocuments((documents) => ({
        doList: async (request) => {
          const page = await documents.doList({ ...request, limit: 1000, after: undefined })
          const sorted = page.documents.toSorted((a, b) => (a.key < b.key ? -1 : 1))
          return { documents: sorted, next: undefined }
        },
      })),
  },
  {
    law: 'K4',
    id: 'K4/like',
    breaks: 'takes `_` in a prefix for any character',
    killedBy: ['document-listing/prefix'],
    create: () =>
      changingDocuments((documents) => ({
        doList: async (request) => {
          const page = await documents.doList({ ...request, prefix: '', limit: 1000, after: undefined })
          const literal = request.prefix.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
          const like = new RegExp(`^${literal.replaceAll('_', '.')}`, 'u')
          return { documents: page.documents.filter(({ key }) => like.test(key)), next: undefined }
        },
      })),
  },
  {
    law: 'K4',
    id: 'K4/offset',
    breaks: 'pages by counting, so that changes under way lead to holes and doubles',
    killedBy: ['document-listing/changes'],
    create: () =>
      changingDocuments((documents) => ({
        doList: async (request) => {
          const offset = Number(request.after ?? 0)
          const page = await documents.doList({ ...request, after: undefined, limit: 10_000 })
          await turn()
          const next = offset + request.limit
          return {
            documents: page.documents.slice(offset, next),
            next: next < page.documents.length ? String(next) : undefined,
          }
        },
      })),
  },
]
