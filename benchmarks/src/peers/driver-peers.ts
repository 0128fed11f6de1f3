import type { Candidate, Session } from '../harness/compare.ts'
import { openSliceDatabase, POOL_SIZE } from '../postgres/own-database.ts'
import { processSession } from '../process/process-session.ts'
import type { DriverPlan } from './driver-process.ts'
import { installPeer } from './install-peer.ts'

const script = new URL('driver-process.ts', import.meta.url)

const peers = [
  { id: 'message-db', name: 'message-db 1.3.1' },
  { id: 'evtstore', name: 'evtstore 12.0.1' },
  { id: 'dcb-es', name: 'dcb-es 7.0.1' },
  { id: 'act', name: 'act-pg 0.4.6' },
] as const

/** A peer that could be installed. */
export interface DriverPeer {
  readonly name: string
  appending(serverUrl: string, eventsPerAppend: number): Candidate
  /** Writes streams of so many events into a database. */
  fill(url: string, streams: readonly { readonly id: string; readonly events: number }[]): Promise<void>
  readingStream(url: string, streamId: string, events: number): Candidate
}

/** Installs the peers at the first call. Those that cannot be are left out, and `note` is told why. */
export async function openDriverPeers(note: (text: string) => void): Promise<readonly DriverPeer[]> {
  const opened: DriverPeer[] = []
  for (const { id, name } of peers) {
    const installed = await installPeer(id)
    if (installed.installed) opened.push(driverPeer(id, name, installed.folder))
    else note(`${name} is left out: it could not be installed (${installed.reason})`)
  }
  return opened
}

function driverPeer(peer: string, name: string, folder: string): DriverPeer {
  const session = (url: string, work: DriverPlan['work']): Promise<Session> => {
    const plan: DriverPlan = { peer, folder, url, poolSize: POOL_SIZE, work }
    return processSession({ script, arguments: [plan] })
  }
  return {
    name,
    appending: (serverUrl, eventsPerAppend) => ({
      name,
      async open(concurrency) {
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
      },
    }),
    async fill(url, streams) {
      const filling = await session(url, { kind: 'fill', streams })
      try {
        await filling.measure({ concurrency: 1, warmupMs: 0, durationMs: 1, serverPid: undefined })
      } finally {
        await filling.close()
      }
    },
    readingStream: (url, streamId, events) => ({
      name,
      open: () => session(url, { kind: 'read-stream', streamId, events }),
    }),
  }
}
