import type { DocumentAddress, DocumentStoreAdapter, EncodedDocumentWrite } from '@eventspine/core'
import { turn } from './changing.ts'
import type { Breakage, Mutant } from './mutant.ts'
import { overriding } from './overriding.ts'

const base = 'payloads'

/** Breakage of the documents that payloads are kept in. */
function keeping(change: (documents: DocumentStoreAdapter) => Partial<DocumentStoreAdapter>): Breakage {
  return { payloads: (documents) => overriding(documents, change(documents)) }
}

function written(writes: readonly EncodedDocumentWrite[]) {
  return { ok: true, revisions: writes.map(() => undefined) } as const
}

/** The same address for all attempts to write one segment of one event. */
function byIdAlone<Address extends DocumentAddress>(address: Address): Address {
  return { ...address, key: address.key.split('/').slice(0, 2).join('/') }
}

function withoutDeletes(documents: DocumentStoreAdapter): DocumentStoreAdapter {
  return overriding(documents, {
    doWrite: async (writes) => {
      const puts = writes.filter(({ value }) => value !== undefined)
      return puts.length === 0 ? written(writes) : documents.doWrite(puts)
    },
  })
}

/** Mutants of a backend that keeps the data of its events apart. */
export const payloadMutants: readonly Mutant[] = [
  {
    law: 'P1',
    id: 'P1/reference-first',
    breaks: 'sends an event while its payload is still on its way',
    base,
    killedBy: ['payloads/before-reference'],
    create: () =>
      keeping((documents) => ({
        doWrite: async (writes) => {
          void turn().then(() => documents.doWrite(writes))
          return written(writes)
        },
      })),
  },
  {
    law: 'P1',
    id: 'P1/swallowed-failure',
    breaks: 'sends an event although its payload could not be written',
    base,
    killedBy: ['payloads/unwritten', 'payloads/lost-reply'],
    create: () =>
      keeping((documents) => ({
        doWrite: (writes) => documents.doWrite(writes).catch(() => written(writes)),
      })),
  },
  {
    law: 'P1',
    id: 'P1/lost-payload',
    breaks: 'keeps every third payload nowhere',
    base,
    killedBy: ['payloads/racing-readers', 'payloads/joined'],
    create: () => {
      let calls = 0
      return keeping((documents) => ({
        doWrite: async (writes) => {
          const kept = writes.filter(() => ++calls % 3 !== 0)
          return kept.length === 0 ? written(writes) : documents.doWrite(kept)
        },
      }))
    },
  },
  {
    law: 'P2',
    id: 'P2/overwrites',
    breaks: 'writes a payload again that is there',
    base,
    killedBy: ['payloads/lost-reply'],
    create: () =>
      keeping((documents) => ({
        doWrite: (writes) =>
          documents.doWrite(writes.map((write) => ({ ...write, expectedRevision: 'any' }))),
      })),
  },
  {
    law: 'P2',
    id: 'P2/by-id-alone',
    breaks: 'keeps one payload for all attempts to write an event of one id',
    base,
    killedBy: ['payloads/other-data', 'payload-orphans/same-id-elsewhere'],
    create: () =>
      keeping((documents) => ({
        doGet: (addresses) => documents.doGet(addresses.map(byIdAlone)),
        doWrite: (writes) => documents.doWrite(writes.map(byIdAlone)),
      })),
  },
  {
    law: 'P2',
    id: 'P2/impatient-collector',
    breaks: 'takes a stream for one version further than it is when it looks for orphans',
    base,
    killedBy: ['payload-orphans/slow-writer'],
    create: () => ({
      collector: {
        store: (store) =>
          overriding(store, {
            doHead: async (streamId, partition) => {
              const head = await store.doHead(streamId, partition)
              return { ...head, version: head.version + 1 }
            },
          }),
      },
    }),
  },
  {
    law: 'P2',
    id: 'P2/no-grace',
    breaks: 'takes every payload that nothing fences for an old one',
    base,
    killedBy: ['payload-orphans/grace'],
    create: () => ({
      collector: {
        documents: (documents) =>
          overriding(documents, {
            doList: async (request) => {
              const page = await documents.doList(request)
              const aged = page.documents.map((document) => ({
                ...document,
                value: document.value.replace(/"writtenAt":\d+/, '"writtenAt":1'),
              }))
              return { ...page, documents: aged }
            },
          }),
      },
    }),
  },
  {
    law: 'P2',
    id: 'P2/blind-collector',
    breaks: 'finds no event when it looks for orphans',
    base,
    killedBy: ['payload-orphans/outrun', 'payload-orphans/same-id-elsewhere'],
    create: () => ({
      collector: {
        store: (store) =>
          overriding(store, {
            doRead: async (request) => ({ ...(await store.doRead(request)), events: [] }),
          }),
      },
    }),
  },
  {
    law: 'P2',
    id: 'P2/leaves-removed',
    breaks: 'leaves the payloads of removed events behind',
    base,
    killedBy: ['payload-orphans/removed'],
    create: () => ({ payloads: withoutDeletes }),
  },
]
