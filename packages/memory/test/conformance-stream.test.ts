import { testEventStream, testRelayTarget } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openBackend } from './backend.ts'

const options = { describe, it, name: 'memory', open: openBackend }

testEventStream(options)
// A stream made of a store is no relay's target, and says so.
testRelayTarget(options)
