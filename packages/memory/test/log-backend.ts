import { type OpenRequest, type TestBackend, testBed } from '@eventspine/conformance'
import { Faults, MemoryLogDatabase, memoryStream, type Step } from '../src/index.ts'

const steps: readonly Step[] = ['publish', 'readFeed', 'feedHead', 'waitForFeed', 'get', 'write', 'list']

/** An empty log of its own; siblings are further backends over it, as other clients would be. */
export function openLog({ partitions }: OpenRequest): Promise<TestBackend> {
  const database = new MemoryLogDatabase({ partitions })
  const faults = new Faults()
  const trim = async (force: boolean): Promise<void> => {
    for (const [partition, { last }] of database.partitions.entries())
      database.trim(partition, last.sequence + 1, { force })
  }
  return testBed(() => memoryStream({ database, faults }), {
    loseReply: async () => faults.failAfter('publish'),
    loseRelayReply: async () => faults.failAfter('relayWrite'),
    trimFeed: () => trim(true),
    trimHandled: () => trim(false),
    outage: async () => {
      for (const step of steps) faults.failBefore(step, { times: Infinity })
      return { end: async () => faults.clear() }
    },
  })
}
