import { testDocumentStore, testEventStore } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openDynamodb } from './backend.ts'
import { openReference } from './reference.ts'

const kit = { describe, it, name: 'dynamodb', open: openDynamodb, reference: openReference }

testEventStore(kit)
testDocumentStore(kit)
