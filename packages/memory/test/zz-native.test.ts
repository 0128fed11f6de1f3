import { type OpenRequest, type TestBackend, testBed, testEventStream } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { Faults, MemoryLogDatabase, memoryStream, type Step } from '../src/index.ts'
const steps: readonly Step[] = ['publish', 'readFeed', 'feedHead', 'waitForFeed', 'get', 'write', 'list']
function open({ partitions }: OpenRequest): Promise<TestBackend> {
  const database = new MemoryLogDatabase({ partitions })
  const faults = new Faults()
  return testBed(() => memoryStream({ database, faults }), {
    loseReply: async () => faults.failAfter('publish'),
    outage: async () => {
      for (const step of steps) faults.failBefore(step, { times: Infinity })
      return { end: async () => faults.clear() }
    },
  })
}
testEventStream({ describe, it, name: 'memory log', open })
