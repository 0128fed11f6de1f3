import { type OpenRequest, testDocumentStore, testEventStore } from '@eventspine/conformance'
import { Redis } from 'ioredis-5'
import { describe, it } from 'vitest'
import { openInjected, serverUrl } from './backend.ts'
import { openReference } from './reference.ts'

// With its own settings, by which it sends commands again, so that the guard against that is in use.
const open = (request: OpenRequest) => openInjected(serverUrl(), request, (url) => new Redis(url))
const kit = { describe, it, name: 'redis over ioredis 5', open, reference: openReference }

testEventStore(kit)
testDocumentStore(kit)
