import { type OpenRequest, testEventStream } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openRedis, serverUrl } from './backend.ts'

const open = (request: OpenRequest) => openRedis(serverUrl(), request)

testEventStream({ describe, it, name: 'redis', open })
