import { localSession } from '../harness/session.ts'
import { serveSession } from '../process/serve-session.ts'
import { appendSession } from '../workload/append-session.ts'
import { readSession } from '../workload/read-session.ts'
import type { OpenDriver, PeerDriver } from './driver.ts'

const drivers: Readonly<Record<string, () => Promise<OpenDriver>>> = {
  'message-db': async () => (await import('./drivers/message-db.ts')).openMessageDb,
  evtstore: async () => (await import('./drivers/evtstore.ts')).openEvtstore,
  'dcb-es': async () => (await import('./drivers/dcb-es.ts')).openDcbEs,
  act: async () => (await import('./drivers/act.ts')).openAct,
}

/** What is asked of a peer. */
export interface DriverPlan {
  readonly peer: string
  /** Where it is installed. */
  readonly folder: string
  readonly url: string
  readonly poolSize: number
  readonly work:
    | { readonly kind: 'append'; readonly concurrency: number; readonly eventsPerAppend: number }
    | { readonly kind: 'fill'; readonly streams: readonly { readonly id: string; readonly events: number }[] }
    | { readonly kind: 'read-stream'; readonly streamId: string; readonly events: number }
}

const FILL_BATCH = 100

serveSession(async ({ peer, folder, url, poolSize, work }: DriverPlan) => {
  const load = drivers[peer]
  if (load === undefined) throw new RangeError(`no peer is called "${peer}"`)
  const driver = await (await load())({ folder, url, poolSize })
  const close = (): Promise<void> => driver.close()
  switch (work.kind) {
    case 'append':
      return localSession(appendSession(driver, work.concurrency, work.eventsPerAppend))
    case 'fill':
      return localSession({ operate: () => fill(driver, work.streams), close })
    case 'read-stream':
      return localSession(readSession(work.events, () => driver.readStream(work.streamId), close))
  }
})

/** To be measured once, with one operation. */
async function fill(
  driver: PeerDriver,
  streams: readonly { readonly id: string; readonly events: number }[],
): Promise<number> {
  let events = 0
  for (const { id, events: wanted } of streams) {
    for (let version = 0; version < wanted; version += FILL_BATCH) {
      const count = Math.min(FILL_BATCH, wanted - version)
      await driver.append({ id, version }, version, count)
      events += count
    }
  }
  return events
}
