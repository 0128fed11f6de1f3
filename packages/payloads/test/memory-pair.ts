import { type OpenRequest, type PayloadAccess, type TestBackend, testBed } from '@eventspine/conformance'
import type { Backend } from '@eventspine/core'
import {
  Faults,
  memory,
  MemoryDatabase,
  MemoryLogDatabase,
  memoryStream,
  type Step,
} from '@eventspine/memory'
import { collectOrphans, type PayloadOptions, withPayloads } from '../src/index.ts'

const steps: readonly Step[] = [
  'append',
  'publish',
  'read',
  'head',
  'readFeed',
  'feedHead',
  'waitForFeed',
  'get',
  'write',
  'list',
  'transaction',
]

/** Options under which no data at all stays inline. */
export const everythingApart = { thresholdBytes: 0 } as const satisfies Partial<PayloadOptions>

/** A claim check of `target` and `payloads`, which are closed by whoever has opened them. */
export function claimCheckOver(target: Backend, payloads: Backend): PayloadAccess {
  return {
    target,
    payloads,
    decorate: (client, documents) => withPayloads(client, { documents, ...everythingApart }),
    collectOrphans: async (backend, graceMs) => (await collectOrphans(backend, { graceMs })).deleted,
  }
}

/** A store in memory whose payloads are in the documents of another memory. */
export function openMemoryPair(
  { partitions }: OpenRequest,
  options: Partial<PayloadOptions> = everythingApart,
): Promise<TestBackend> {
  const database = new MemoryDatabase({ partitions })
  const payloads = new MemoryDatabase({ partitions: 2 })
  const faults = new Faults()
  const open = (): Backend =>
    withPayloads(memory({ database, faults }), {
      documents: memory({ database: payloads, faults }).documents,
      ...options,
    })
  return testBed(open, {
    claimCheck: claimCheckOver(memory({ database }), memory({ database: payloads })),
    loseReply: async () => faults.failAfter('append'),
    outage: outageOf(faults),
  })
}

/** A store in memory that keeps its payloads in its own documents. */
export function openMemoryAlone({ partitions }: OpenRequest): Promise<TestBackend> {
  const database = new MemoryDatabase({ partitions })
  const faults = new Faults()
  const open = (): Backend => {
    const target = memory({ database, faults })
    return withPayloads(target, { documents: target.documents, thresholdBytes: 0 })
  }
  return testBed(open, { loseReply: async () => faults.failAfter('append'), outage: outageOf(faults) })
}

/** A native stream in memory whose payloads are in the documents of another memory. */
export function openMemoryLogPair({ partitions }: OpenRequest): Promise<TestBackend> {
  const database = new MemoryLogDatabase({ partitions })
  const payloads = new MemoryDatabase({ partitions: 2 })
  const faults = new Faults()
  const open = (): Backend =>
    withPayloads(memoryStream({ database, faults }), {
      documents: memory({ database: payloads, faults }).documents,
      ...everythingApart,
    })
  const trim = async (force: boolean): Promise<void> => {
    for (const [partition, { last }] of database.partitions.entries())
      database.trim(partition, last.sequence + 1, { force })
  }
  return testBed(open, {
    claimCheck: claimCheckOver(memoryStream({ database }), memory({ database: payloads })),
    loseReply: async () => faults.failAfter('publish'),
    loseRelayReply: async () => faults.failAfter('relayWrite'),
    trimFeed: () => trim(true),
    trimHandled: () => trim(false),
    outage: outageOf(faults),
  })
}

function outageOf(faults: Faults) {
  return async () => {
    for (const step of steps) faults.failBefore(step, { times: Infinity })
    return { end: async () => faults.clear() }
  }
}
