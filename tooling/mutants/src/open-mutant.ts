import { type OpenRequest, type TestBackend, testBed } from '@eventspine/conformance'
import { type Backend, type BackendAdapter, createBackend } from '@eventspine/core'
import {
  Faults,
  memoryAdapter,
  MemoryDatabase,
  MemoryLogDatabase,
  memoryStreamAdapter,
} from '@eventspine/memory'
import type { Breakage, Mutant } from './mutant.ts'
import { openPayloads } from './open-payloads.ts'
import { TrimmedMemory } from './trimmed-memory.ts'

const sound: Breakage = {}

/** Opens an empty store or log over memory, broken as the mutant says; unbroken without one. */
export function openMutant(
  mutant: Mutant | undefined,
  base: Mutant['base'] = mutant?.base,
): (request: OpenRequest) => Promise<TestBackend> {
  return (request) => {
    if (base === 'payloads') return openPayloads(mutant, request)
    return base === 'log' ? openLog(mutant, request) : openStore(mutant, base, request)
  }
}

function broken(breakage: Breakage, adapter: BackendAdapter<undefined>): Backend {
  const backend = createBackend(breakage.adapter?.(adapter) ?? adapter)
  return breakage.backend?.(backend) ?? backend
}

function openStore(
  mutant: Mutant | undefined,
  base: Mutant['base'],
  { partitions }: OpenRequest,
): Promise<TestBackend> {
  const database = new MemoryDatabase({ partitions })
  const faults = new Faults()
  const breakage = mutant?.create(database) ?? sound
  const trimmed = new TrimmedMemory(database)
  const open = (): Backend => {
    const memory = memoryAdapter({ database, faults })
    return broken(breakage, base === 'trimmed' ? trimmed.adapter(memory) : memory)
  }
  return testBed(open, {
    loseReply: async () => faults.failAfter('append'),
    trimFeed: base === 'trimmed' ? async () => trimmed.trim() : undefined,
  })
}

function openLog(mutant: Mutant | undefined, { partitions }: OpenRequest): Promise<TestBackend> {
  const database = new MemoryLogDatabase({ partitions })
  const faults = new Faults()
  const breakage = mutant?.create(database.documents) ?? sound
  const trim = (force: boolean): void => {
    for (const [partition, { last }] of database.partitions.entries())
      database.trim(partition, last.sequence + 1, { force })
  }
  return testBed(() => broken(breakage, memoryStreamAdapter({ database, faults })), {
    loseReply: async () => faults.failAfter('publish'),
    loseRelayReply: async () => faults.failAfter('relayWrite'),
    trimFeed: async () => trim(true),
    trimHandled: async () => {
      if (breakage.trims !== 'nothing') trim(breakage.trims === 'what-groups-need')
    },
  })
}
