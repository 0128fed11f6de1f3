import { startPostgres, waitUntil } from '@eventspine/servers'
import { open } from '@eventspine/core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { adapters } from '../src/adapters.ts'
import { runCommand, startCommand } from './command.ts'
import { replayFrom, streamsIn } from './replay-from.ts'
import type { RecordedStreams } from './recorded-streams.ts'
import { createLongRepository, storedHistory } from './stored-history.ts'
import type { TestRepository } from './test-repository.ts'
import { createTestStore } from './test-stores.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

let repository: TestRepository
let clean: RecordedStreams

beforeAll(async () => {
  repository = createLongRepository(1200)
  clean = await streamsIn((await replayFrom(repository.path)).store)
})
afterAll(() => repository[Symbol.dispose]())

test('two runs at the same time store everything once', async () => {
  await using store = await createTestStore('postgres')
  const words = [repository.path, '--store', store.url]
  const results = await Promise.all([runCommand(words), runCommand(words)])
  for (const { code, stdout } of results) {
    expect(stdout).toMatch(/\nverified: .*\n$/)
    expect(code).toBe(0)
  }
  const written = results.map(({ stdout }) => Number(/wrote (\d+) events/.exec(stdout)?.[1]))
  const events = Array.from(clean.values()).reduce((sum, stream) => sum + stream.length, 0)
  expect((written[0] ?? 0) + (written[1] ?? 0)).toBe(events)
  expect((await storedHistory(store.url)).streams).toEqual(clean)
})

test('a run outlives a server that goes away in the middle and comes back', async () => {
  await using server = await startPostgres()
  const running = startCommand([repository.path, '--store', server.url])
  await running.printed('streams branch:')
  const begun = await waitUntil(async () => (await storedPositions(server.url)) > 2000, {
    deadlineMs: 30_000,
  })
  expect(begun).toBe(true)
  await server.kill()
  await server.restart()
  const { code, stdout, stderr } = await running.ended
  expect(stderr).toContain('trying again: ')
  expect(stdout).toMatch(/\nverified: .*\n$/)
  expect(code).toBe(0)
  expect((await storedHistory(server.url)).streams).toEqual(clean)
})

test('a store of several partitions is replayed into, and verified', async () => {
  await using store = await createTestStore('postgres', '?partitions=4')
  const { code, stdout } = await runCommand([repository.path, '--store', store.url])
  expect(stdout).toMatch(/\nverified: .*\n$/)
  expect(code).toBe(0)
  expect((await storedHistory(store.url)).streams).toEqual(clean)
})

async function storedPositions(url: string): Promise<number> {
  await using backend = await open(url, adapters)
  let count = 0
  for await (const page of backend.store.feed({ limit: 2500 }).pages()) count += page.length
  return count
}
