import { type OpenRequest, type TestBackend, testBed } from '@eventspine/conformance'
import { memory, MemoryDatabase } from '@eventspine/memory'

/** What a decorated backend must behave like: memory. */
export function openReference({ partitions }: OpenRequest): Promise<TestBackend> {
  const database = new MemoryDatabase({ partitions })
  return testBed(() => memory({ database }))
}
