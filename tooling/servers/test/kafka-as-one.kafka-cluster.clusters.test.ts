import { describe, expect, it } from 'vitest'
import { nodeAddresses } from '../src/node-urls.ts'
import { startOwnServer } from '../src/own-server.ts'
import { serverDefinition } from '../src/registry.ts'

describe('three Kafka nodes as one server', () => {
  it('come back whole on the same ports after all of them were killed', async () => {
    await using server = await startOwnServer('kafka-cluster')
    const { url } = server
    expect(nodeAddresses(url)).toHaveLength(3)
    await server.kill()
    await expect(serverDefinition('kafka-cluster').probe(url, 2_000)).rejects.toThrow()
    await server.restart()
    expect(server.url).toBe(url)
    await serverDefinition('kafka-cluster').probe(url, 15_000)
  })
})
