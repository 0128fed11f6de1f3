import { testEventStream, testRelayTarget } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openLog } from './log-backend.ts'

const options = { describe, it, name: 'memory log', open: openLog }

testEventStream(options)
testRelayTarget(options)
