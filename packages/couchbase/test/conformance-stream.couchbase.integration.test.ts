import { testEventStream } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openCouchbase } from './backend.ts'

testEventStream({ describe, it, name: 'couchbase', open: openCouchbase })
