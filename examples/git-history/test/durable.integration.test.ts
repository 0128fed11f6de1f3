import { open } from '@eventspine/core'
import { testBackends } from '@eventspine/servers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { adapters } from '../src/adapters.ts'
import { TREE } from '../src/tree-projection.ts'
import { runCommand, startCommand, killedMain } from './command.ts'
import { replayFrom, streamsIn } from './replay-from.ts'
import type { RecordedStreams } from './recorded-streams.ts'
import { createLongRepository, storedHistory } from './stored-history.ts'
import type { TestRepository } from './test-repository.ts'
import { createTestStore, type TestStore } from './test-stores.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

const COMMITS = 1200
let repository: TestRepository
let clean: RecordedStreams
let events: number

beforeAll(async () => {
  repository = createLongRepository(COMMITS)
  clean = await streamsIn((await replayFrom(repository.path)).store)
  events = Array.from(clean.values()).reduce((sum, stream) => sum + stream.length, 0)
})
afterAll(() => repository[Symbol.dispose]())

const verdict = (stdout: string) => stdout.trimEnd().split('\n').at(-1) ?? ''
const expectedVerdict = () =>
  new RegExp(
    `^verified: \\d+ files at ${repository.git('rev-parse', 'HEAD')} \\(${COMMITS} commits, ${events} events, \\d+ events/s\\)$`,
  )

test('the clean run, which the others are held against, has every commit whole', async () => {
  const { store, last } = await replayFrom(repository.path)
  expect(last).toMatch(expectedVerdict())
  expect(await storedHistory(store)).toEqual({ streams: clean, commits: COMMITS, whole: COMMITS })
})

describe.each(testBackends().filter((backend) => backend !== 'memory'))('on %s', (backend) => {
  test('runs that are killed leave what one clean run leaves, and a change to the tree is found', async () => {
    await using store = await createTestStore(backend)
    const killedAt: number[] = []
    for (const aim of [1, 300, 600]) {
      const killed = await startCommand(
        [repository.path, '--store', store.url],
        { KILL_AT: `${aim}` },
        killedMain,
      ).ended
      expect(killed).toMatchObject({ signal: 'SIGKILL' })
      const { commits, whole } = await storedHistory(store.url)
      expect(whole).toBe(commits)
      expect(commits).toBeGreaterThanOrEqual(aim)
      killedAt.push(commits)
    }
    expect(new Set(killedAt).size, `killed at ${killedAt.join(', ')}`).toBe(3)
    const last = await runCommand([repository.path, '--store', store.url])
    expect(last.stderr).not.toContain('git-history:')
    expect(verdict(last.stdout)).toMatch(expectedVerdict())
    expect(last.code).toBe(0)
    expect((await storedHistory(store.url)).streams).toEqual(clean)
    await deleteProjected('/CHANGELOG.md', store)
    const { code, stdout } = await runCommand([repository.path, '--store', store.url])
    expect(stdout).toMatch(
      /\nCHANGELOG.md: 100\d{3} [0-9a-f]{40} in git, missing in the projection\nnot verified: 1 difference at/,
    )
    expect(code).toBe(1)
  })
})

async function deleteProjected(path: string, { url }: TestStore): Promise<void> {
  await using backend = await open(url, adapters)
  const tree = backend.documents.collection(TREE, { listed: true })
  const streamId = Array.from(clean.keys()).find((id) => id.endsWith(path)) ?? ''
  expect(await tree.get(streamId)).toBeDefined()
  await tree.delete(streamId)
}
