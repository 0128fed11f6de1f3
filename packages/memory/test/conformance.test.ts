import { testDocumentStore, testEventStore } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openBackend } from './backend.ts'

const kit = { describe, it, name: 'memory', open: openBackend }

testEventStore(kit)
testDocumentStore(kit)
