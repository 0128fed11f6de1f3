import { type OpenRequest, testEventStream } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openMemoryPair } from './memory-pair.ts'

const open = (request: OpenRequest) => openMemoryPair(request)

testEventStream({ describe, it, name: 'memory with payloads in memory', open })
