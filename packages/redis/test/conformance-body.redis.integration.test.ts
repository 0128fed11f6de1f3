import { type OpenRequest, testEventStore } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openRedis, serverUrl } from './backend.ts'
import { openReference } from './reference.ts'

// Writers may differ in what they put into the feed, so `sibling` clients of one store need not agree.
const open = (request: OpenRequest) => openRedis(serverUrl(), request, 'body')

testEventStore({ describe, it, name: 'redis with bodies in the feed', open, reference: openReference })
