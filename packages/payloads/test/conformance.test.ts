import { type OpenRequest, testDocumentStore, testEventStore, testPayloads } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openMemoryPair } from './memory-pair.ts'
import { openReference } from './reference.ts'

const kit = {
  describe,
  it,
  name: 'memory with payloads in memory',
  open: (request: OpenRequest) => openMemoryPair(request),
  reference: openReference,
}

testEventStore(kit)
testDocumentStore(kit)
testPayloads(kit)
