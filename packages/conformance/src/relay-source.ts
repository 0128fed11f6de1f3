import {
  createBackend,
  createManifest,
  notSupported,
  partitionOf,
  type Capabilities,
  type Commit,
  type CommitOutcome,
  type EventStoreAdapter,
  type FeedPage,
  type FeedPageRequest,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type RelayRequest,
  type StoredEvent,
} from '@eventspine/core'

/** Of the clocks of sources: long before any test runs, so that no target's own clock shows it. */
const STARTED_MS = Date.UTC(2001, 1, 3, 4, 5, 6, 789)

/** What relays read in cases: a store in a list, with a feed that goes on from any position. */
export class RelaySource {
  readonly partitions: number
  readonly incarnation: string
  readonly #store

  /**
   * @param capabilities - of the target: their limits hold for what is to be relayed.
   * @param incarnation - default: a new one.
   */
  constructor(capabilities: Capabilities, partitions = 1, incarnation?: string) {
    const manifest = createManifest(partitions)
    this.partitions = partitions
    this.incarnation = incarnation ?? manifest.incarnation
    const backend = createBackend({
      name: 'list',
      capabilities: { ...capabilities, store: true, documents: false, stream: 'none' },
      manifest: { ...manifest, incarnation: this.incarnation },
      store: listAdapter(partitions),
      doClose: async () => undefined,
    })
    this.#store = backend.store
  }

  async append(streamId: string, events: readonly NewEvent[]): Promise<void> {
    await this.#store.append(streamId, events)
  }

  /** At most `limit` events of a partition behind `after`, and the place behind the last. */
  async page(
    partition: number,
    after: Position | undefined,
    limit: number,
  ): Promise<{ readonly events: readonly RecordedEvent[]; readonly next: Position }> {
    const slices = this.#store.feed({ partition, after, limit, pageSize: limit }).slices()
    for await (const { events, next } of slices) return { events, next }
    throw new Error('a feed has at least one slice')
  }

  /** Everything in a partition, in order. */
  events(partition: number): Promise<readonly RecordedEvent[]> {
    return this.#store.feed({ partition }).toArray()
  }

  /** Whether nothing stands in the partition behind that position. */
  async isAtEnd(partition: number, position: Position | undefined): Promise<boolean> {
    const head = await this.#store.feedHead(partition)
    return position === undefined ? head.split('.')[2] === '0' : head === position
  }

  /** To open a session with. */
  request(partition: number, relay = 'mover'): RelayRequest {
    return { relay, incarnation: this.incarnation, partition, partitions: this.partitions }
  }
}

function listAdapter(partitions: number): EventStoreAdapter {
  const feeds = Array.from({ length: partitions }, (): StoredEvent[] => [])
  const versions = new Map<string, number>()
  const refuse = () => Promise.reject(notSupported('a list has only its feed'))
  const append = ({ appends }: Commit): CommitOutcome => {
    const streams = appends.map(({ streamId, events }) => {
      const partition = partitionOf(streamId, partitions)
      const feed = feedOf(feeds, partition)
      for (const event of events) {
        const version = (versions.get(streamId) ?? 0) + 1
        const sequence = feed.length + 1
        versions.set(streamId, version)
        feed.push({ ...event, streamId, version, partition, sequence, timestampMs: STARTED_MS + sequence })
      }
      return { version: versions.get(streamId) ?? 0, sequence: feed.length }
    })
    return { ok: true, streams, revisions: [] }
  }
  return {
    doAppend: async (commits) => commits.map(append),
    doReadFeed: async (request) => readList(feedOf(feeds, request.partition), request),
    doFeedHead: async (partition) => {
      const feed = feedOf(feeds, partition)
      return { sequence: feed.length, id: feed.at(-1)?.id }
    },
    doWaitForFeed: refuse,
    doRead: refuse,
    doHead: refuse,
    doRemove: refuse,
    doImport: refuse,
    doSeal: refuse,
  }
}

function feedOf(feeds: readonly StoredEvent[][], partition: number): StoredEvent[] {
  const feed = feeds[partition]
  if (feed === undefined) throw new RangeError(`no partition ${partition}`)
  return feed
}

function readList(feed: readonly StoredEvent[], { after, limit }: FeedPageRequest): FeedPage {
  const events = feed.slice(after, after + limit)
  const anchorId = feed[after - 1]?.id
  const last = events.at(-1)
  return {
    events,
    anchorId,
    firstKept: 1,
    next: last?.sequence ?? after,
    nextId: last?.id ?? anchorId,
    atEnd: after + events.length >= feed.length,
  }
}
