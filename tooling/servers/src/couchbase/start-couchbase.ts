import { startOwnServer, type OwnServer, type OwnServerOptions } from '../own-server.ts'

/**
 * Starts a fresh CouchbaseMock, an emulator, for this process alone: see {@link startOwnServer}. Its bucket is
 * `default`; it keeps everything in memory, so that after `kill()` or `restart()` nothing is there any more.
 *
 * @throws {@link ServerStartError} with the reason and the remedy; nothing keeps running.
 */
export async function startCouchbase(options: Pick<OwnServerOptions, 'port'> = {}): Promise<OwnServer> {
  return await startOwnServer('couchbase', options)
}
