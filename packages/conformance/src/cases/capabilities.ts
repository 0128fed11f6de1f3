import assert from 'node:assert/strict'
import type { Capabilities } from '@eventspine/core'
import type { Case } from '../kit.ts'
import { refusalAtOnce } from '../refusal.ts'
import { sampleEvent } from '../sample-events.ts'

const SCOPES = ['none', 'partition', 'store']

/** What each key may hold: one of these words, a boolean, or a count of at least this much. */
const GRAMMAR: Readonly<Record<keyof Capabilities, readonly string[] | 'boolean' | number>> = {
  store: 'boolean',
  documents: 'boolean',
  stream: ['native', 'derived', 'none'],
  durability: ['process', 'system', 'disk', 'majority', 'configured'],
  multiProcess: 'boolean',
  multiStreamAppend: SCOPES,
  documentsWithAppend: SCOPES,
  documentBatch: SCOPES,
  sharedTransaction: ['native', 'internal', 'none'],
  callsBesideTransaction: 'boolean',
  listing: ['ordered', 'unordered', 'none'],
  expiry: 'boolean',
  removal: 'boolean',
  import: 'boolean',
  seal: 'boolean',
  feedRetention: ['all', 'trimmed'],
  feedWake: ['push', 'poll'],
  groups: ['leases', 'native'],
  competingConsumers: 'boolean',
  batchScope: ['partition', 'store'],
  maxCommitsPerBatch: 1,
  maxEventsPerBatch: 1,
  batchesInFlight: 1,
  maxAppendEvents: 1,
  maxAppendBytes: 1024,
  maxAppendStreams: 1,
  maxDocumentBytes: 0,
  maxBatchDocuments: 0,
  maxKeyBytes: 0,
  maxStallMs: 0,
}

export const capabilityCases: readonly Case[] = [
  {
    id: 'capabilities/manifest',
    laws: [],
    title: 'declares every capability, each within its grammar, alike on all ports and clients',
    async run({ open }) {
      const test = await open()
      const { backend } = test
      const { capabilities } = backend
      assert.match(backend.name, /^[a-z][a-z0-9-]*$/)
      assert.deepEqual(Object.keys(capabilities).sort(), Object.keys(GRAMMAR).sort())
      for (const [key, grammar] of Object.entries(GRAMMAR)) {
        const value: unknown = Object.entries(capabilities).find(([name]) => name === key)?.[1]
        if (grammar === 'boolean') assert.equal(typeof value, 'boolean', key)
        else if (typeof grammar === 'number')
          assert.ok(Number.isSafeInteger(value) && Number(value) >= grammar, key)
        else assert.ok(typeof value === 'string' && grammar.includes(value), `${key}: ${String(value)}`)
      }
      for (const port of [backend.store, backend.documents, backend.stream, (await test.sibling()).store]) {
        assert.deepEqual(port.capabilities, capabilities)
      }
      assert.equal(
        test.child !== undefined,
        capabilities.multiProcess,
        'a way in for another process, where it may come in',
      )
    },
  },
  {
    id: 'capabilities/consistent',
    laws: [],
    title: 'declares nothing that another capability rules out',
    async run({ open }) {
      const { capabilities } = (await open()).backend
      const { documents, store, maxAppendStreams, multiStreamAppend, stream } = capabilities
      if (!documents) {
        assert.equal(capabilities.documentsWithAppend, 'none')
        assert.equal(capabilities.documentBatch, 'none')
        assert.equal(capabilities.listing, 'none')
        assert.equal(capabilities.expiry, false)
      } else {
        // One document is always written whole: a batch of one needs no scope.
        assert.ok(
          capabilities.maxBatchDocuments >= 1 &&
            capabilities.maxKeyBytes >= 64 &&
            capabilities.maxDocumentBytes >= 1024,
          'the limits of documents are too low for any use',
        )
      }
      if (multiStreamAppend !== 'none')
        assert.ok(maxAppendStreams >= 2, 'several streams are declared, and one at most')
      if (stream === 'derived')
        assert.ok(store && documents, 'a derived stream is made of a store and documents')
      if (multiStreamAppend === 'store') {
        // Commits over partitions go through one lane, which only exists for batches of the whole store.
        assert.equal(capabilities.batchScope, 'store')
      }
    },
  },
  {
    id: 'capabilities/refusals',
    laws: [],
    title: 'has every verb, and each that is not declared refuses with NOT_SUPPORTED before any I/O',
    async run({ open }) {
      const { backend } = await open()
      const { store, documents, capabilities } = backend
      const notes = () => documents.collection('notes', { listed: true })
      const streams = ['counter:1', 'counter:2'].map((streamId) => ({ streamId, events: [sampleEvent(1)] }))
      const verbs: readonly (readonly [declared: boolean, call: () => unknown])[] = [
        [capabilities.removal, () => store.delete('counter:1')],
        [capabilities.removal, () => store.truncate('counter:1', { before: 2 })],
        [capabilities.import, () => store.import([])],
        [capabilities.seal, () => store.seal(0, false)],
        [capabilities.multiStreamAppend !== 'none', () => store.commit({ streams })],
        [capabilities.documents, () => documents.collection('notes').get('n')],
        [capabilities.listing !== 'none', () => notes().get('n')],
        [capabilities.sharedTransaction !== 'none', () => backend.transaction(async () => undefined)],
      ]
      for (const [declared, call] of verbs) {
        if (!declared) await refusalAtOnce(call, 'NOT_SUPPORTED')
      }
      if (capabilities.sharedTransaction === 'internal') {
        await backend.transaction(async ({ native }) => assert.equal(native, undefined))
      } else if (capabilities.sharedTransaction === 'native') {
        await backend.transaction(async ({ native }) => assert.notEqual(native, undefined))
      }
    },
  },
]
