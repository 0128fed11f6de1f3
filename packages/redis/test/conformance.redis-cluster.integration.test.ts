import { type OpenRequest, testDocumentStore, testEventStore } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { clusterUrl, openCluster } from './backend.ts'
import { openReference } from './reference.ts'

const open = (request: OpenRequest) => openCluster(clusterUrl(), request)
const kit = { describe, it, name: 'redis-cluster', open, reference: openReference }

testEventStore(kit)
testDocumentStore(kit)
