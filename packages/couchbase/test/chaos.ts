import assert from 'node:assert/strict'
import { EventStoreError, type NewEvent, type RecordedEvent } from '@eventspine/core'
import type { Collection } from 'couchbase'
import { consistentIds } from './consistency.ts'
import { counted, openWatched, type Watched } from './server.ts'
import type { Fate } from './watched-collection.ts'

export const STREAMS = Array.from({ length: 5 }, (_, index) => `counter:${index}`)

/** Numbers from 0 to 1 that a seed decides. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Appended {
  readonly event: NewEvent
  readonly streamId: string
  /** The version that was acknowledged; `undefined`: nobody knows. */
  version: number | undefined
}

/** A writer that dies and is started again, and whose requests and replies get lost. */
class Writer {
  readonly appended: Appended[] = []
  readonly late: Promise<unknown>[] = []
  deaths = 0
  readonly #open: (fateOf: () => Fate) => Promise<Watched>
  readonly #random: () => number

  constructor(open: (fateOf: () => Fate) => Promise<Watched>, random: () => number) {
    this.#open = open
    this.#random = random
  }

  async run(appends: number): Promise<void> {
    let client = await this.#start()
    for (let number = 0; number < appends; number++) {
      await Promise.all([this.#append(client, number), this.#append(client, number + 1000)])
      if (!client.isDead()) continue
      this.deaths++
      this.late.push(...client.watched.late)
      client = await this.#start()
    }
    this.late.push(...client.watched.late)
  }

  async #start(): Promise<Watched & { readonly isDead: () => boolean }> {
    let dead = false
    const client = await this.#open(() => {
      const drawn = this.#random()
      dead ||= drawn < 0.03
      if (dead) return 'not-sent'
      if (drawn < 0.05) return 'reply-lost'
      if (drawn < 0.07) return 'late'
      return drawn < 0.09 ? 'not-sent' : 'sent'
    })
    return { ...client, isDead: () => dead }
  }

  async #append({ store }: Watched, number: number): Promise<void> {
    const streamId = STREAMS[Math.floor(this.#random() * STREAMS.length)] ?? ''
    const appended: Appended = { event: counted(number), streamId, version: undefined }
    this.appended.push(appended)
    const isExact = this.#random() < 0.3
    try {
      const expectedVersion = isExact ? (await store.head(streamId)).version : 'any'
      const { version } = await store.append(streamId, [appended.event], { expectedVersion })
      appended.version = version
    } catch (error) {
      if (!EventStoreError.is(error)) throw error
      if (error.outcome === 'not-applied') this.appended.splice(this.appended.indexOf(appended), 1)
    }
  }
}

/** A reader that follows the feed and never looks back. */
class Follower {
  readonly seen: RecordedEvent[] = []
  readonly #client: Watched
  readonly #pageSize: number

  constructor(client: Watched, pageSize: number) {
    this.#client = client
    this.#pageSize = pageSize
  }

  async read(): Promise<void> {
    const after = this.seen.at(-1)?.position
    for await (const event of this.#client.store.feed({ after, pageSize: this.#pageSize }))
      this.seen.push(event)
  }
}

/** Writers that die and lose requests, and readers beside them, on one store; then everything is held against everything. */
export async function chaos(
  collection: Collection,
  { prefix, seed, writers, appends }: { prefix: string; seed: number; writers: number; appends: number },
): Promise<{ readonly events: number; readonly deaths: number }> {
  const random = randomOf(seed)
  const all = Array.from(
    { length: writers },
    () => new Writer((fateOf) => openWatched(collection, { prefix }, fateOf), randomOf(random() * 2 ** 32)),
  )
  const followers = await Promise.all(
    [1, 7, 500].map(async (pageSize) => new Follower(await openWatched(collection, { prefix }), pageSize)),
  )
  let ended = false
  const following = followers.map(async (follower) => {
    while (!ended) {
      await follower.read()
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  try {
    await Promise.all(all.map((writer) => writer.run(appends)))
    await Promise.all(all.flatMap(({ late }) => late))
  } finally {
    ended = true
    await Promise.allSettled(following)
  }
  await Promise.all(following)
  const { store } = await openWatched(collection, { prefix })
  const ids = await consistentIds(store, STREAMS)
  assert.equal(new Set(ids).size, ids.length, 'no event is there twice')
  for (const follower of followers) {
    await follower.read()
    assert.deepEqual(
      follower.seen.map(({ id }) => id),
      ids,
      'every reader saw the same, whenever it read',
    )
  }
  const known = new Map(all.flatMap(({ appended }) => appended).map((each) => [each.event.id ?? '', each]))
  const feed = new Map((await store.feed().toArray()).map((event) => [event.id, event]))
  for (const [id, { version, streamId }] of known) {
    if (version === undefined) continue
    assert.deepEqual(
      [feed.get(id)?.streamId, feed.get(id)?.streamPosition],
      [streamId, version],
      'what was acknowledged is there, where it was said to be',
    )
  }
  for (const id of ids) assert.ok(known.has(id), 'what was refused is not there')
  return { events: ids.length, deaths: all.reduce((sum, { deaths }) => sum + deaths, 0) }
}
