import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { createKeyspace, serverUrl, startFaultProxy, type FaultProxy } from '../src/index.ts'

async function incrementing(
  work: (
    proxy: FaultProxy,
    increment: () => Promise<number>,
    value: () => Promise<string | null>,
  ) => Promise<void>,
): Promise<void> {
  const url = await serverUrl('redis')
  await using own = createKeyspace(url)
  await using proxy = await startFaultProxy(url)
  const options = { retryStrategy: () => null, maxRetriesPerRequest: 0, commandTimeout: 2_000 }
  const client = new Redis(proxy.url, options)
  client.on('error', () => undefined)
  const direct = new Redis(url)
  const key = `${own.prefix}:counter`
  try {
    await client.ping()
    await work(
      proxy,
      () => client.incr(key),
      () => direct.get(key),
    )
  } finally {
    client.disconnect()
    direct.disconnect()
  }
}

describe('a fault proxy in front of Redis', () => {
  it('loses the reply to a command that was executed', async () => {
    await incrementing(async (proxy, increment, value) => {
      const lost = proxy.loseReply({ containing: 'counter' })
      await expect(increment()).rejects.toThrow('closed')
      expect(await lost).toEqual({ droppedBytes: ':1\r\n'.length })
      expect(await value()).toBe('1')
    })
  })

  it('loses a command, which is not executed', async () => {
    await incrementing(async (proxy, increment, value) => {
      const lost = proxy.loseRequest({ containing: 'counter' })
      await expect(increment()).rejects.toThrow('closed')
      await lost
      expect(await value()).toBeNull()
    })
  })

  it('is silent about a command that was executed', async () => {
    await incrementing(async (proxy, increment, value) => {
      const silenced = proxy.silence({ containing: 'counter' })
      await expect(increment()).rejects.toThrow('timed out')
      await silenced
      expect(await value()).toBe('1')
    })
  })

  it('delivers a reply and cuts then', async () => {
    await incrementing(async (proxy, increment) => {
      const cut = proxy.cutAfterReply({ containing: 'counter' })
      expect(await increment()).toBe(1)
      await cut
      await expect(increment()).rejects.toThrow('closed')
    })
  })
})
