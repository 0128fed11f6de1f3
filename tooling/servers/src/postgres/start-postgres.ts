import { startOwnServer, type OwnServer, type OwnServerOptions } from '../own-server.ts'

/**
 * Starts a fresh PostgreSQL for this process alone: see {@link startOwnServer}.
 *
 * @throws {@link ServerStartError} with the reason and the remedy; nothing keeps running.
 */
export async function startPostgres(options: OwnServerOptions = {}): Promise<OwnServer> {
  return await startOwnServer('postgres', options)
}
