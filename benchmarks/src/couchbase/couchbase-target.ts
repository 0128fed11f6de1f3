import { startCouchbase, startCouchbaseProxy } from '@eventspine/servers'
import type { OpenTarget } from '../target.ts'
import { batchAppends, singleAppends } from './append-scenarios.ts'
import { feedReads, streamReads } from './read-scenarios.ts'

/**
 * A CouchbaseMock of this run alone, and what is measured on it: the vendor's emulator, never a cluster. All go through
 * one proxy in this process, which takes the flags of durability away that the emulator does not know; its CPU time is
 * in everybody's figures.
 */
export async function openCouchbaseTarget(): Promise<OpenTarget> {
  const server = await startCouchbase()
  const proxy = await startCouchbaseProxy(server.url)
  return {
    serverPid: server.pid,
    environment: { couchbase: 'CouchbaseMock 1.5.27, an emulator, behind a proxy' },
    scenarios: [singleAppends(proxy), batchAppends(proxy), streamReads(proxy.url), feedReads(proxy.url)],
    async [Symbol.asyncDispose]() {
      await proxy.close()
      await server.stop()
    },
  }
}
