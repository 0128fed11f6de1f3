import { type OpenRequest, registerCases, relayCases, streamCases } from '@eventspine/conformance'
import { memory } from '@eventspine/memory'
import { describe, it } from 'vitest'
import { openKafka, serverUrl } from './backend.ts'

/** Documents in the memory of this process are nothing for another one. */
const ofSeveralProcesses = /killed|paused|process|woken/

const options = {
  describe: describe.concurrent,
  it,
  name: 'kafka with documents',
  open: (request: OpenRequest) =>
    openKafka(serverUrl(), request, memory({ partitions: request.partitions }).documents),
  patienceMs: 30_000,
  minLeaseMs: 1000,
}

const consuming = [...streamCases, ...relayCases].filter(
  ({ id }) => /^(consume\/|groups\/|relay\/consumed)/.test(id) && !ofSeveralProcesses.test(id),
)

registerCases(options, 'EventStream', consuming)
