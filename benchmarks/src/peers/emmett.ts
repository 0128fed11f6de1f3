import type { Candidate, Session } from '../harness/compare.ts'
import { openSliceDatabase, POOL_SIZE } from '../postgres/own-database.ts'
import { processSession } from '../process/process-session.ts'
import type { EmmettPlan } from './emmett-process.ts'
import { installPeer } from './install-peer.ts'

const script = new URL('emmett-process.ts', import.meta.url)

/** The name of Emmett's candidates. */
export const EMMETT = 'Emmett 0.42.0'

/** Emmett, where it could be installed. */
export interface Emmett {
  appending(serverUrl: string, eventsPerAppend: number): Candidate
  /** Writes streams of so many events into a database. */
  fill(url: string, streams: readonly { readonly id: string; readonly events: number }[]): Promise<void>
  readingStream(url: string, streamId: string, events: number): Candidate
  readingFeed(url: string, pageSize: number, events: number): Candidate
}

/** Installs Emmett at the first call. `undefined`, told to `note` with the reason, where that fails. */
export async function openEmmett(note: (text: string) => void): Promise<Emmett | undefined> {
  const peer = await installPeer('emmett')
  if (!peer.installed) {
    note(`${EMMETT} is left out: it could not be installed (${peer.reason})`)
    return undefined
  }
  const session = (url: string, work: EmmettPlan['work']): Promise<Session> => {
    const plan: EmmettPlan = { folder: peer.folder, url, poolSize: POOL_SIZE, work }
    return processSession({ script, arguments: [plan] })
  }
  const candidate = (open: Candidate['open']): Candidate => ({ name: EMMETT, open })
  return {
    appending: (serverUrl, eventsPerAppend) =>
      candidate(async (concurrency) => {
        const database = await openSliceDatabase(serverUrl)
        try {
          const inner = await session(database.url, { kind: 'append', concurrency, eventsPerAppend })
          const close = async (): Promise<void> => {
            await inner.close()
            await database.close()
          }
          return { ...inner, close }
        } catch (error) {
          await database.close()
          throw error
        }
      }),
    async fill(url, streams) {
      const filling = await session(url, { kind: 'fill', streams })
      try {
        await filling.measure({ concurrency: 1, warmupMs: 0, durationMs: 1, serverPid: undefined })
      } finally {
        await filling.close()
      }
    },
    readingStream: (url, streamId, events) =>
      candidate(() => session(url, { kind: 'read-stream', streamId, events })),
    readingFeed: (url, pageSize, events) =>
      candidate(() => session(url, { kind: 'read-feed', pageSize, events })),
  }
}
