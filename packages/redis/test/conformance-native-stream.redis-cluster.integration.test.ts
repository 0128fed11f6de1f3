import { type OpenRequest, testEventStream, testRelayTarget } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { clusterUrl } from './backend.ts'
import { openClusterStream } from './stream-backend.ts'

const open = (request: OpenRequest) => openClusterStream(clusterUrl(), request)
const options = { describe, it, name: 'redis-cluster stream', open }

testEventStream(options)
testRelayTarget(options)
