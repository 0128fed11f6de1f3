import { type Capabilities, type CommitRequest, type CommitResult, type EventStore } from '@eventspine/core'

/** A store that declares less than it could, and shows what it is asked for. */
export function narrowStore(
  store: EventStore,
  narrower: Partial<Capabilities>,
  onCommit: (request: CommitRequest, commit: () => Promise<CommitResult>) => Promise<CommitResult> = (
    _,
    commit,
  ) => commit(),
): EventStore {
  return {
    ...delegate(store),
    capabilities: { ...store.capabilities, ...narrower },
    commit: (request) => onCommit(request, () => store.commit(request)),
  }
}

function delegate(store: EventStore): EventStore {
  return {
    capabilities: store.capabilities,
    incarnation: store.incarnation,
    partitions: store.partitions,
    append: (...words) => store.append(...words),
    commit: (...words) => store.commit(...words),
    read: (...words) => store.read(...words),
    head: (...words) => store.head(...words),
    feed: (...words) => store.feed(...words),
    feedHead: (...words) => store.feedHead(...words),
    waitForFeed: (...words) => store.waitForFeed(...words),
    delete: (...words) => store.delete(...words),
    truncate: (...words) => store.truncate(...words),
    import: (...words) => store.import(...words),
    seal: (...words) => store.seal(...words),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}
