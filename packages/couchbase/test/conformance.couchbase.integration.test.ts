import { testDocumentStore, testEventStore } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openCouchbase } from './backend.ts'
import { openReference } from './reference.ts'

const kit = { describe, it, name: 'couchbase', open: openCouchbase, reference: openReference }

testEventStore(kit)
testDocumentStore(kit)
