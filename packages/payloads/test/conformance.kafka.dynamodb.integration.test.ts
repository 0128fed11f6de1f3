import { type OpenRequest, registerCases, streamCases, testPayloads } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { openKafkaDynamodb } from './kafka-dynamodb.ts'
import { serverUrl } from './server-url.ts'

// Groups take their time to form, and their cases are run on Kafka alone; here it is what becomes of the data.
const touched = /^(publish|log|consume\/(existing|every-partition|order|exactly|park|replay|skip|random))/
const cases = streamCases.filter(({ id }) => touched.test(id))
const kit = {
  // Side by side, groups take their time at once.
  describe: describe.concurrent,
  it,
  name: 'kafka with payloads in dynamodb (emulator)',
  open: (request: OpenRequest) =>
    openKafkaDynamodb({ kafka: serverUrl('kafka'), dynamodb: serverUrl('dynamodb') }, request),
  patienceMs: 60_000,
  minLeaseMs: 1000,
}

registerCases(kit, 'EventStream', cases)
testPayloads(kit)
