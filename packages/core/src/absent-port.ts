import type { DocumentStoreAdapter, EventStoreAdapter } from './adapter.ts'
import { notSupported } from './error.ts'

/** Stands in for a port that a backend has not: every verb exists and refuses with `NOT_SUPPORTED`. */
export function absentStore(backend: string): EventStoreAdapter {
  const refuse = () => Promise.reject(notSupported(`${backend} has no event store`))
  return {
    doAppend: refuse,
    doRead: refuse,
    doHead: refuse,
    doReadFeed: refuse,
    doFeedHead: refuse,
    doWaitForFeed: refuse,
    doRemove: refuse,
    doImport: refuse,
    doSeal: refuse,
  }
}

export function absentDocuments(backend: string): DocumentStoreAdapter {
  const refuse = () => Promise.reject(notSupported(`${backend} has no document store`))
  return { doGet: refuse, doWrite: refuse, doList: refuse }
}
