import { type OpenRequest, registerCases, testPayloads } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openKafkaDynamodb } from './kafka-dynamodb.ts'
import { serverUrl } from './server-url.ts'
import { touchedStreamCases } from './touched-cases.ts'

const kit = {
  describe,
  it,
  name: 'kafka with payloads in dynamodb (emulator)',
  open: (request: OpenRequest) =>
    openKafkaDynamodb({ kafka: serverUrl('kafka'), dynamodb: serverUrl('dynamodb') }, request),
  patienceMs: 60_000,
  minLeaseMs: 1000,
}

registerCases(kit, 'EventStream', touchedStreamCases)
testPayloads(kit)
