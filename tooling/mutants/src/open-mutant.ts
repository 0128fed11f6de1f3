import { type OpenRequest, type TestBackend, testBed } from '@eventspine/conformance'
import { createBackend } from '@eventspine/core'
import { Faults, memoryAdapter, MemoryDatabase } from '@eventspine/memory'
import type { Breakage, Mutant } from './mutant.ts'
import { TrimmedMemory } from './trimmed-memory.ts'

const sound: Breakage = {}

/** Opens an empty store over memory, broken as the mutant says; unbroken without one. */
export function openMutant(
  mutant: Mutant | undefined,
  base: Mutant['base'] = mutant?.base,
): (request: OpenRequest) => Promise<TestBackend> {
  return ({ partitions }) => {
    const database = new MemoryDatabase({ partitions })
    const faults = new Faults()
    const breakage = mutant?.create(database) ?? sound
    const trimmed = new TrimmedMemory(database)
    const open = () => {
      const memory = memoryAdapter({ database, faults })
      const adapter = base === 'trimmed' ? trimmed.adapter(memory) : memory
      const backend = createBackend(breakage.adapter?.(adapter) ?? adapter)
      return breakage.backend?.(backend) ?? backend
    }
    return testBed(open, {
      loseReply: async () => faults.failAfter('append'),
      trimFeed: base === 'trimmed' ? async () => trimmed.trim() : undefined,
    })
  }
}
