import { expect, test, vi } from 'vitest'
import { runCommand } from './command.ts'
import { replayFrom, streamsIn } from './replay-from.ts'
import { createLongRepository, storedHistory } from './stored-history.ts'
import type { TestStore } from './test-stores.ts'

/** Stores a history in a store that the URL names, and again: the second run finds all of it there. */
export function testSharedStore(name: string, createStore: () => Promise<TestStore>): void {
  vi.setConfig({ testTimeout: 400_000 })

  test(`a history is stored once and verified on ${name}, by the first run and by the next`, async () => {
    using repository = createLongRepository(60)
    const clean = await streamsIn((await replayFrom(repository.path)).store)
    await using store = await createStore()
    for (const run of [1, 2]) {
      const { code, stdout, stderr } = await runCommand([repository.path, '--store', store.url])
      expect(stdout, `run ${run}: ${stderr}`).toMatch(/\nverified: .*\n$/)
      expect(code).toBe(0)
      expect((await storedHistory(store.url)).streams).toEqual(clean)
    }
  })
}
