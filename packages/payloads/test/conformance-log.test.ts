import { testEventStream, testPayloads, testRelayTarget } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openMemoryLogPair } from './memory-pair.ts'

const options = { describe, it, name: 'memory log with payloads in memory', open: openMemoryLogPair }

testEventStream(options)
testRelayTarget(options)
testPayloads(options)
