import { type OpenRequest, testEventStream, testRelayTarget } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openKafka, serverUrl } from './backend.ts'

const options = {
  // Groups take their time to form: side by side they take it at once.
  describe: describe.concurrent,
  it,
  name: 'kafka',
  open: (request: OpenRequest) => openKafka(serverUrl(), request),
  patienceMs: 30_000,
  minLeaseMs: 1000,
}

testEventStream(options)
testRelayTarget(options)
