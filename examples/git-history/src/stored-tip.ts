import type { EventStore } from '@eventspine/core'
import { branch } from './events.ts'
import { StreamNames } from './stream-names.ts'

/** How much of a history a store holds: so many commits, of which this is the last. */
export interface StoredTip {
  readonly commits: number
  readonly commit: string | undefined
}

export async function storedTip(store: EventStore, names: StreamNames): Promise<StoredTip> {
  const [last] = await branch.store(store).read(names.branch, { direction: 'backward', limit: 1 }).toArray()
  return { commits: last?.streamPosition ?? 0, commit: last?.data.commit }
}

/** The streams of this branch's newest edition in the store; with `fresh`, of one that is not there yet. */
export async function findStreams(
  store: EventStore,
  branchName: Buffer,
  root: string,
  fresh: boolean,
): Promise<StreamNames> {
  let names = new StreamNames(branchName, root, 1)
  for (let edition = 2; (await store.head(names.branch)).version > 0; edition++) {
    const next = new StreamNames(branchName, root, edition)
    if (!fresh && (await store.head(next.branch)).version === 0) break
    names = next
  }
  return names
}
