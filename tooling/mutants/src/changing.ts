import type {
  BackendAdapter,
  Commit,
  CommitOutcome,
  DocumentStoreAdapter,
  EventStoreAdapter,
} from '@eventspine/core'
import type { Breakage } from './mutant.ts'

/** Breakage that replaces calls of the adapter's store. */
export function changingStore(
  change: (store: EventStoreAdapter, adapter: BackendAdapter<undefined>) => Partial<EventStoreAdapter>,
): Breakage {
  return {
    adapter: (adapter) => {
      const { store } = adapter
      if (store === undefined) throw new Error('the adapter has no store')
      return { ...adapter, store: { ...store, ...change(store, adapter) } }
    },
  }
}

/** Breakage that replaces calls of the adapter's documents. */
export function changingDocuments(
  change: (documents: DocumentStoreAdapter) => Partial<DocumentStoreAdapter>,
): Breakage {
  return {
    adapter: (adapter) => {
      const { documents } = adapter
      if (documents === undefined) throw new Error('the adapter has no documents')
      return { ...adapter, documents: { ...documents, ...change(documents) } }
    },
  }
}

/** Breakage that sends other commits than it was given; outcomes are those of what was sent. */
export function changingCommits(
  change: (commit: Commit, store: EventStoreAdapter) => Commit | Promise<Commit>,
): Breakage {
  return changingStore((store) => ({
    doAppend: async (commits, lockTimeoutMs) => {
      const changed: Commit[] = []
      for (const commit of commits) changed.push(await change(commit, store))
      return store.doAppend(changed, lockTimeoutMs)
    },
  }))
}

/** Gives the event loop a turn, so that others come in between as on a real backend. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Appends one commit by itself. */
export async function appendOne(store: EventStoreAdapter, commit: Commit): Promise<CommitOutcome> {
  const [outcome] = await store.doAppend([commit], 2000)
  if (outcome === undefined) throw new Error('the adapter returned no outcome')
  return outcome
}

/** Lets a batch run commit by commit. */
export async function inTurn(
  commits: readonly Commit[],
  append: (commit: Commit) => Promise<CommitOutcome>,
): Promise<readonly CommitOutcome[]> {
  const outcomes: CommitOutcome[] = []
  for (const commit of commits) outcomes.push(await append(commit))
  return outcomes
}
