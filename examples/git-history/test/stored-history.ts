import { open } from '@eventspine/core'
import { adapters } from '../src/adapters.ts'
import { recordedStreams, type RecordedStreams } from './recorded-streams.ts'
import { file, type TestCommit, TestRepository } from './test-repository.ts'

/** A history of many small commits, with two that are larger than one atomic commit takes. */
export function createLongRepository(commits: number): TestRepository {
  const repository = new TestRepository({ bare: true })
  const many = (content: string) =>
    Array.from({ length: 1100 }, (_, index) => [`many/${index}`, file(content)] as const)
  repository.commit('main', [
    { message: 'many files', changes: many('1') },
    ...Array.from({ length: commits - 2 }, (_, index): TestCommit => {
      const changes = [`src/${index % 97}`, `src/folder ${index % 11}/${index % 193}`, 'CHANGELOG.md']
      return {
        changes: changes.map(
          (path) => [path, file(`content ${index}`, index % 7 === 0 ? '100755' : '100644')] as const,
        ),
      }
    }),
    { message: 'all of them again', changes: many('2') },
  ])
  return repository
}

export interface StoredHistory {
  readonly streams: RecordedStreams
  /** Git commits whose event is stored. */
  readonly commits: number
  /** Git commits that are complete by the count of their files that the commit's event gives. */
  readonly whole: number
}

/** Looks into a store that a run has left, whatever became of the run. */
export async function storedHistory(store: string): Promise<StoredHistory> {
  await using backend = await open(store, adapters, { create: true })
  const streams = await recordedStreams(backend.store)
  const files = new Map<string, number>()
  const completed: { readonly commit: string; readonly files: number }[] = []
  for (const { type, data } of Array.from(streams.values()).flat()) {
    // Both contracts have the commit; that of the branch has how many files it changed.
    const event = data as { readonly commit: string; readonly files: number }
    if (type === 'CommitApplied') completed.push(event)
    else files.set(event.commit, (files.get(event.commit) ?? 0) + 1)
  }
  const whole = completed.filter(({ commit, files: expected }) => (files.get(commit) ?? 0) === expected)
  return { streams, commits: completed.length, whole: whole.length }
}
