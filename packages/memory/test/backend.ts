import { type OpenRequest, type TestBackend, testBed } from '@eventspine/conformance'
import { Faults, memory, MemoryDatabase, type Step } from '../src/index.ts'

const steps: readonly Step[] = [
  'append',
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

/** An empty database of its own; siblings are further backends over it, as other clients would be. */
export function openBackend({ partitions }: OpenRequest): Promise<TestBackend> {
  const database = new MemoryDatabase({ partitions })
  const faults = new Faults()
  return testBed(() => memory({ database, faults }), {
    loseReply: async () => faults.failAfter('append'),
    outage: async () => {
      for (const step of steps) faults.failBefore(step, { times: Infinity })
      return { end: async () => faults.clear() }
    },
  })
}
