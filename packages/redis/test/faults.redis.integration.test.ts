import { readFile } from 'node:fs/promises'
import { freePort, startFaultProxy, startRedis } from '@eventspine/servers'
import { describe, expect, it } from 'vitest'
import { createStore, openUrl, redis } from '../src/index.ts'
import { serverUrl } from './backend.ts'
import { clientOf, counted, ownPrefix, refusedWith, useEnds } from './server.ts'

const onEnd = useEnds()

async function ownServer(settings: Readonly<Record<string, string>> = {}) {
  const server = await startRedis({ settings })
  onEnd(() => server.stop())
  return server
}

function urlWith(url: string, change: (url: URL) => void): string {
  const changed = new URL(url)
  change(changed)
  return changed.href
}

describe('opening is refused with what is the matter', () => {
  it('when no server is there', async () => {
    const port = await freePort()
    const error = await refusedWith(() => openUrl(`redis://:hunter2@127.0.0.1:${port}`))
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', outcome: 'not-applied', retryable: true })
    expect(String(error)).not.toContain('hunter2')
  })

  it('when the password is wrong or missing, and repeats neither', async () => {
    const { url } = await ownServer({ requirepass: 'right' })
    for (const password of ['hunter2', '']) {
      const error = await refusedWith(() => openUrl(urlWith(url, (each) => (each.password = password))))
      expect(error).toMatchObject({ code: 'ACCESS_DENIED', outcome: 'not-applied', retryable: false })
      expect(`${String(error)} ${String((error as Error).cause)}`).not.toContain('hunter2')
    }
  })

  it('when no store was created, or one with another number of partitions', async () => {
    const prefix = ownPrefix(serverUrl(), onEnd)
    const client = clientOf(serverUrl())
    onEnd(() => client.disconnect())
    expect(await refusedWith(() => redis({ client, prefix }))).toMatchObject({ code: 'STORE_MISSING' })
    await createStore(client, { prefix, partitions: 4 })
    expect(await refusedWith(() => redis({ client, prefix, partitions: 8 }))).toMatchObject({
      code: 'STORE_INCOMPATIBLE',
    })
    const backend = await redis({ client, prefix })
    expect(backend.store.partitions).toBe(4)
    await backend.close()
    expect(await client.ping()).toBe('PONG')
  })

  it('when the server may throw keys away, unless that is allowed', async () => {
    const { url } = await ownServer({ maxmemory: '200mb', 'maxmemory-policy': 'allkeys-lru' })
    const error = await refusedWith(() => openUrl(url, { create: true }))
    expect(error).toMatchObject({ code: 'STORE_INCOMPATIBLE' })
    expect(String(error)).toContain('noeviction')
    const backend = await redis.connect(url, { create: true, allowEviction: true })
    await backend.close()
  })

  it('when the user may not run scripts', async () => {
    const { url } = await ownServer()
    const admin = clientOf(url)
    onEnd(() => admin.disconnect())
    await createStore(admin)
    await admin.call('acl', 'setuser', 'reader', 'on', '>secret', '~*', '+@all', '-@scripting')
    const limited = urlWith(url, (each) => ([each.username, each.password] = ['reader', 'secret']))
    const backend = await openUrl(limited)
    onEnd(() => backend.close())
    expect(await refusedWith(() => backend.store.append('counter:1', [counted(1)]))).toMatchObject({
      code: 'ACCESS_DENIED',
      outcome: 'not-applied',
      retryable: false,
    })
  })
})

it('needs no other permissions than those the README names', async () => {
  const { url } = await ownServer()
  const admin = clientOf(url)
  onEnd(() => admin.disconnect())
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const rules = /^ACL SETUSER app (.+)$/m.exec(readme)?.[1]?.split(' ') ?? []
  await admin.call('acl', 'setuser', 'app', ...rules)
  const limited = urlWith(url, (each) => ([each.username, each.password] = ['app', 'secret']))
  const backend = await redis.connect(limited, { create: true, prefix: 'bank', feed: 'body' })
  onEnd(() => backend.close())
  const { store, documents } = backend
  const end = await store.feedHead()
  const woken = store.waitForFeed({ after: end, timeoutMs: 30_000 })
  await store.append('counter:1', [1, 2, 3].map(counted))
  await woken
  await store.commit({
    streams: [2, 3].map((number) => ({ streamId: `counter:${number}`, events: [counted(1)] })),
  })
  await store.truncate('counter:1', { before: 2 })
  await store.delete('counter:2')
  await store.seal(0)
  await store.seal(0, false)
  const counts = documents.collection('counts', { listed: true })
  await counts.put('a', 1, { expiresInMs: 60_000 })
  const listed: string[] = []
  for await (const { key } of counts.list()) listed.push(key)
  expect(listed).toEqual(['a'])
  await counts.delete('a')
  expect(await store.feed().toArray()).toHaveLength(3)
})

it('refuses writes of a full server with nothing written, and goes on when there is room', async () => {
  const { url } = await ownServer()
  const admin = clientOf(url)
  onEnd(() => admin.disconnect())
  const backend = await openUrl(url, { create: true })
  onEnd(() => backend.close())
  await backend.store.append('counter:1', [counted(1)])
  await admin.config('SET', 'maxmemory', '1mb')
  expect(await refusedWith(() => backend.store.append('counter:1', [counted(2)]))).toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    outcome: 'not-applied',
    retryable: true,
  })
  const documents = backend.documents.collection('counts')
  expect(await refusedWith(() => documents.put('a', 1))).toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    outcome: 'not-applied',
  })
  expect(await backend.store.read('counter:1').toArray()).toHaveLength(1)
  await admin.config('SET', 'maxmemory', '0')
  expect(await backend.store.append('counter:1', [counted(2)])).toMatchObject({ version: 2 })
})

it('runs on when the server has forgotten its scripts', async () => {
  const { url } = await ownServer()
  const admin = clientOf(url)
  onEnd(() => admin.disconnect())
  const backend = await openUrl(url, { create: true })
  onEnd(() => backend.close())
  await backend.store.append('counter:1', [counted(1)])
  await admin.script('FLUSH')
  const appends = Array.from({ length: 50 }, (_each, number) =>
    backend.store.append('counter:2', [counted(number)]),
  )
  await Promise.all(appends)
  expect(await backend.store.read('counter:2').toArray()).toHaveLength(50)
})

it('says BUSY while the server runs a script of another', async () => {
  const { url } = await ownServer({ 'busy-reply-threshold': '1' })
  const backend = await openUrl(url, { create: true })
  onEnd(() => backend.close())
  const admin = clientOf(url)
  const other = clientOf(url)
  onEnd(() => (admin.disconnect(), other.disconnect()))
  await admin.ping()
  const endless = other.eval('while true do end', 0)
  await expect.poll(() => admin.ping().catch(String), { timeout: 10_000 }).toContain('BUSY')
  expect(await refusedWith(() => backend.store.append('counter:1', [counted(1)]))).toMatchObject({
    code: 'BUSY',
    outcome: 'not-applied',
    retryable: true,
  })
  await admin.script('KILL')
  await expect(endless).rejects.toThrow()
  expect(await backend.store.append('counter:1', [counted(1)])).toMatchObject({ version: 1 })
})

it('goes on by itself when the server was gone and is back, with all that was acknowledged', async () => {
  const server = await ownServer({ appendfsync: 'always' })
  const backend = await openUrl(server.url, { create: true })
  onEnd(() => backend.close())
  await backend.store.append('counter:1', [counted(1)])
  await server.kill()
  const error = await refusedWith(() =>
    backend.store.append('counter:1', [counted(2)], { expectedVersion: 1 }),
  )
  expect(error).toMatchObject({ retryable: true })
  expect(await refusedWith(() => backend.store.head('counter:1'))).toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    outcome: 'not-applied',
  })
  await server.restart()
  await expect
    .poll(() => backend.store.head('counter:1').then(({ version }) => version, String), { timeout: 20_000 })
    .toBe(1)
  expect(await backend.store.append('counter:1', [counted(2)], { expectedVersion: 1 })).toMatchObject({
    version: 2,
  })
})

it('says that nothing was sent while there is no connection', async () => {
  const proxy = await startFaultProxy(serverUrl())
  onEnd(() => proxy.close())
  const prefix = ownPrefix(serverUrl(), onEnd)
  const backend = await redis.connect(proxy.url, { prefix, create: true })
  onEnd(() => backend.close())
  await proxy.refuse()
  proxy.cut()
  await refusedWith(() => backend.store.head('counter:1'))
  expect(await refusedWith(() => backend.store.append('counter:1', [counted(1)]))).toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    outcome: 'not-applied',
    retryable: true,
  })
})

it('gives up on a server that does not answer', async () => {
  const proxy = await startFaultProxy(serverUrl())
  onEnd(() => proxy.close())
  const prefix = ownPrefix(serverUrl(), onEnd)
  const backend = await redis.connect(proxy.url, { prefix, create: true, replyTimeoutMs: 200 })
  onEnd(() => backend.close())
  proxy.blackHole()
  expect(await refusedWith(() => backend.store.append('counter:1', [counted(1)]))).toMatchObject({
    code: 'OUTCOME_UNKNOWN',
    outcome: 'unknown',
  })
  await proxy.pass()
})

it('finds a server that lost what it acknowledged', async () => {
  const server = await ownServer({ appendonly: 'no' })
  const backend = await openUrl(server.url, { create: true })
  onEnd(() => backend.close())
  const admin = clientOf(server.url)
  onEnd(() => admin.disconnect())
  await backend.store.append('counter:1', [counted(1)])
  await admin.save()
  const { position } = await backend.store.append('counter:1', [counted(2)])
  await server.kill()
  await server.restart()
  await expect
    .poll(() => backend.store.head('counter:1').then(({ version }) => version, String), { timeout: 20_000 })
    .toBe(1)
  const resume = () => backend.store.feed({ after: position }).toArray()
  expect(await refusedWith(resume)).toMatchObject({ code: 'FEED_DIVERGED' })
  await backend.store.append('counter:1', [counted(3)])
  expect(await refusedWith(resume)).toMatchObject({ code: 'FEED_DIVERGED' })
})
