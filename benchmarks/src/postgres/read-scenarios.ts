import { postgres } from '@eventspine/postgres'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { openDriverPeers } from '../peers/driver-peers.ts'
import { EMMETT, openEmmett } from '../peers/emmett.ts'
import type { BenchContext, Scenario } from '../target.ts'
import { type Pass, readSession } from '../workload/read-session.ts'
import { readPages, touchAll, touchData, touchType } from '../workload/reads.ts'
import { type Filling, mingledStreams, openFilledDatabase } from './filled-database.ts'
import { openSliceDatabase, type SliceDatabase } from './own-database.ts'
import { rawFeed, rawStream } from './raw-readers.ts'

const PAGE = 1000
const STREAM = { id: 'cart:long', events: 1000 }
const FEED = mingledStreams(1000, 100)
const FEED_EVENTS = FEED.reduce((sum, { events }) => sum + events, 0)

/** See its question. */
export function streamReads(serverUrl: string): Scenario {
  return {
    name: 'read-stream',
    question: 'How fast is a stream of 1,000 events read, by what is read of each?',
    async run(context) {
      const fillings = [...mingledStreams(100, 100), STREAM]
      const database = await openFilledDatabase(serverUrl, fillings)
      const { pool } = database
      const { store } = await postgres({ pool })
      const pages = () => store.read(STREAM.id).pages()
      const candidates = [
        reading('pg objects', STREAM.events, () => rawStream(pool, STREAM.id, PAGE)),
        reading('Eventspine, type looked at', STREAM.events, () => readPages(pages(), touchType)),
        reading('Eventspine, every data read', STREAM.events, () => readPages(pages(), touchData)),
        reading('Eventspine, data and metadata read', STREAM.events, () => readPages(pages(), touchAll)),
      ]
      const emmett = await emmettBeside(context, serverUrl, fillings, (found, url) =>
        found.readingStream(url, STREAM.id, STREAM.events),
      )
      if (emmett !== undefined) candidates.push(emmett.candidate)
      const filled: SliceDatabase[] = []
      for (const peer of await openDriverPeers((text) => context.note(text))) {
        const own = await openSliceDatabase(serverUrl)
        filled.push(own)
        await peer.fill(own.url, fillings)
        await own.pool.query('vacuum (analyze)')
        candidates.push(peer.readingStream(own.url, STREAM.id, STREAM.events))
      }
      for (const concurrency of [1, 16]) {
        await context.compare({
          title: `read a stream of ${STREAM.events} events, ${concurrency} in flight`,
          concurrency,
          base: 'pg objects',
          candidates,
        })
      }
      for (const own of filled) await own.close()
      await emmett?.close()
      await database.close()
    },
  }
}

/** See its question. */
export function feedReads(serverUrl: string): Scenario {
  return {
    name: 'read-feed',
    question: 'How fast is a whole feed read in pages of 1,000?',
    async run(context) {
      const database = await openFilledDatabase(serverUrl, FEED)
      const { pool } = database
      const { store } = await postgres({ pool })
      const pages = () => store.feed({ pageSize: PAGE }).pages()
      const candidates = [
        reading('pg objects', FEED_EVENTS, () => rawFeed(pool, PAGE)),
        reading('Eventspine, type looked at', FEED_EVENTS, () => readPages(pages(), touchType)),
        reading('Eventspine, every data read', FEED_EVENTS, () => readPages(pages(), touchData)),
        reading('Eventspine, data and metadata read', FEED_EVENTS, () => readPages(pages(), touchAll)),
      ]
      const emmett = await emmettBeside(context, serverUrl, FEED, (found, url) =>
        found.readingFeed(url, PAGE, FEED_EVENTS),
      )
      if (emmett !== undefined) candidates.push(emmett.candidate)
      await context.compare({
        title: `read a feed of ${FEED_EVENTS} events`,
        concurrency: 1,
        base: 'pg objects',
        candidates,
      })
      await emmett?.close()
      await database.close()
    },
  }
}

/** A candidate that reads the same data over and over: nothing of it is changed by reading. */
export function reading(name: string, events: number, read: () => Promise<Pass>): Candidate {
  return { name, open: async () => localSession(readSession(events, read)) }
}

async function emmettBeside(
  context: BenchContext,
  serverUrl: string,
  fillings: readonly Filling[],
  candidateOf: (emmett: NonNullable<Awaited<ReturnType<typeof openEmmett>>>, url: string) => Candidate,
): Promise<{ readonly candidate: Candidate; close(): Promise<void> } | undefined> {
  const emmett = await openEmmett((text) => context.note(text))
  if (emmett === undefined) return undefined
  const database = await openSliceDatabase(serverUrl)
  await emmett.fill(database.url, fillings)
  await database.pool.query('vacuum (analyze)')
  context.note(`${EMMETT} holds the same events, written stream by stream.`)
  return { candidate: candidateOf(emmett, database.url), close: () => database.close() }
}
