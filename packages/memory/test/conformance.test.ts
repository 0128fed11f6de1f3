import { testDocumentStore, testEventStore } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openBackend } from './backend.ts'

const kit = { describe, it, name: 'memory', open: openBackend, reference: openBackend }

testEventStore(kit)
testDocumentStore(kit)
