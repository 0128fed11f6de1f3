import { type OpenRequest, type TestBackend, testBed } from '@eventspine/conformance'
import { Faults, memory, MemoryDatabase } from '../src/index.ts'

/** An empty database of its own; siblings are further backends over it, as other clients would be. */
export function openBackend({ partitions }: OpenRequest): Promise<TestBackend> {
  const database = new MemoryDatabase({ partitions })
  const faults = new Faults()
  return testBed(() => memory({ database, faults }), { loseReply: async () => faults.failAfter('append') })
}
