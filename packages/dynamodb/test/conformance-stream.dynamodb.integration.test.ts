import { testEventStream } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openDynamodb } from './backend.ts'

// Every step is a request to one emulator: what memory does in moments takes it longer, all the more on a busy machine.
testEventStream({
  describe,
  it,
  name: 'dynamodb',
  open: openDynamodb,
  patienceMs: 40_000,
  minLeaseMs: 2000,
})
