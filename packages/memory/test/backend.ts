import type { TestBackend, OpenRequest } from '@eventspine/conformance'
import { Faults, memory, MemoryDatabase } from '../src/index.ts'

/** An empty database of its own; siblings are further backends over it, as other clients would be. */
export async function openBackend({ partitions }: OpenRequest): Promise<TestBackend> {
  const database = new MemoryDatabase({ partitions })
  const faults = new Faults()
  let backend = memory({ database, faults })
  const opened = [backend]
  const open = () => {
    const another = memory({ database })
    opened.push(another)
    return another
  }
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
    loseReply: async () => faults.failAfter('append'),
    close: async () => {
      await Promise.all(opened.map((each) => each.close()))
    },
  }
}
