import { type OpenRequest, testEventStream, testRelayTarget } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { serverUrl } from './backend.ts'
import { openRedisStream } from './stream-backend.ts'

const options = {
  describe: describe.concurrent,
  it,
  name: 'redis stream',
  open: (request: OpenRequest) => openRedisStream(serverUrl(), request),
}

testEventStream(options)
testRelayTarget(options)
