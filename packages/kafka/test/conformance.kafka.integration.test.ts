import { type OpenRequest, testEventStream, testRelayTarget } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openKafka, serverUrl } from './backend.ts'

const options = {
  describe,
  it,
  name: 'kafka',
  open: (request: OpenRequest) => openKafka(serverUrl(), request),
}

testEventStream(options)
testRelayTarget(options)
