import type { OpenRequest, TestBackend } from '@eventspine/conformance'
import { type Backend, createBackend } from '@eventspine/core'
import { Faults, memoryAdapter, MemoryDatabase } from '@eventspine/memory'
import type { Breakage, Mutant } from './mutant.ts'
import { TrimmedMemory } from './trimmed-memory.ts'

const sound: Breakage = {}

/** Opens an empty store over memory, broken as the mutant says; unbroken without one. */
export function openMutant(
  mutant: Mutant | undefined,
  base: Mutant['base'] = mutant?.base,
): (request: OpenRequest) => Promise<TestBackend> {
  return async ({ partitions }) => {
    const database = new MemoryDatabase({ partitions })
    const faults = new Faults()
    const breakage = mutant?.create(database) ?? sound
    const trimmed = new TrimmedMemory(database)
    const opened: Backend[] = []
    const open = (): Backend => {
      const memory = memoryAdapter({ database, faults })
      const adapter = base === 'trimmed' ? trimmed.adapter(memory) : memory
      const backend = createBackend(breakage.adapter?.(adapter) ?? adapter)
      const broken = breakage.backend?.(backend) ?? backend
      opened.push(broken)
      return broken
    }
    let backend = open()
    return {
      get backend() {
        return backend
      },
      sibling: async () => open(),
      reopen: async () => {
        await backend.close()
        backend = open()
        return backend
      },
      child: undefined,
      trimFeed: base === 'trimmed' ? async () => trimmed.trim() : undefined,
      loseReply: async () => faults.failAfter('append'),
      close: async () => {
        await Promise.all(opened.map((each) => each.close()))
      },
    }
  }
}
