import { testDocumentStore, testEventStore } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openDynamodb } from './backend.ts'
import { openReference } from './reference.ts'

const kit = {
  describe,
  it,
  name: 'dynamodb',
  open: openDynamodb,
  reference: openReference,
  // Every step is a request to one emulator: random programs are shorter of it, and waits longer on a busy machine.
  rounds: 10,
  patienceMs: 40_000,
}

testEventStore(kit)
testDocumentStore(kit)
