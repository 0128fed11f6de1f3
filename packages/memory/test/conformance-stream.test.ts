import { testEventStream } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openBackend } from './backend.ts'

testEventStream({ describe, it, name: 'memory', open: openBackend })
