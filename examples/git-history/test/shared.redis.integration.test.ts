import { createKeyspace, startRedis, waitUntil } from '@eventspine/servers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runCommand, startCommand } from './command.ts'
import { replayFrom, streamsIn } from './replay-from.ts'
import type { RecordedStreams } from './recorded-streams.ts'
import { createLongRepository, storedHistory } from './stored-history.ts'
import type { TestRepository } from './test-repository.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

let repository: TestRepository
let clean: RecordedStreams

beforeAll(async () => {
  repository = createLongRepository(600)
  clean = await streamsIn((await replayFrom(repository.path)).store)
})
afterAll(() => repository[Symbol.dispose]())

test('two runs at the same time store everything once on Redis', async () => {
  await using keyspace = createKeyspace(process.env['EVENTSPINE_TEST_REDIS'] ?? '')
  const words = [repository.path, '--store', keyspace.url]
  for (const { code, stdout } of await Promise.all([runCommand(words), runCommand(words)])) {
    expect(stdout).toMatch(/\nverified: .*\n$/)
    expect(code).toBe(0)
  }
  expect((await storedHistory(keyspace.url)).streams).toEqual(clean)
})

test('a run outlives a Redis that is killed in the middle and comes back', async () => {
  await using server = await startRedis({ settings: { appendfsync: 'always' } })
  await using keyspace = createKeyspace(server.url)
  const running = startCommand([repository.path, '--store', keyspace.url])
  await running.printed('streams branch:')
  expect(await waitUntil(async () => (await keyspace.count()) > 100, { deadlineMs: 30_000 })).toBe(true)
  await server.kill()
  await server.restart()
  const { code, stdout, stderr } = await running.ended
  expect(stderr).toContain('trying again: ')
  expect(stdout).toMatch(/\nverified: .*\n$/)
  expect(code).toBe(0)
  expect((await storedHistory(keyspace.url)).streams).toEqual(clean)
})
