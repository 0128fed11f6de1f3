import { type OpenRequest, testDocumentStore, testEventStore } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openRedis, serverUrl } from './backend.ts'
import { openReference } from './reference.ts'

const kit = {
  describe,
  it,
  name: 'redis',
  open: (request: OpenRequest) => openRedis(serverUrl(), request),
  reference: openReference,
}

testEventStore(kit)
testDocumentStore(kit)
