import { testEventStream } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openLog } from './log-backend.ts'

testEventStream({ describe, it, name: 'memory log', open: openLog })
