import { type OpenRequest, registerCases, testPayloads } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openRedisCouchbase } from './redis-couchbase.ts'
import { openReference } from './reference.ts'
import { serverUrl } from './server-url.ts'
import { touchedStoreCases, touchedStreamCases } from './touched-cases.ts'

const kit = {
  describe,
  it,
  name: 'redis with payloads in couchbase (emulator)',
  open: (request: OpenRequest) =>
    openRedisCouchbase({ redis: serverUrl('redis'), couchbase: serverUrl('couchbase') }, request),
  reference: openReference,
  rounds: 3,
  patienceMs: 60_000,
}

registerCases(kit, 'EventStore', touchedStoreCases)
registerCases(kit, 'EventStream', touchedStreamCases)
testPayloads(kit)
