import { testEventStream } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openDynamodb } from './backend.ts'

testEventStream({ describe, it, name: 'dynamodb', open: openDynamodb })
