import { startOwnServer, type OwnServer, type OwnServerOptions } from '../own-server.ts'

/**
 * Starts a fresh Redis for this process alone: see {@link startOwnServer}. Settings are lines of `redis.conf`, such as
 * `{ appendfsync: 'always' }`; with `requirepass` the URL holds the password.
 *
 * @throws {@link ServerStartError} with the reason and the remedy; nothing keeps running.
 */
export async function startRedis(options: OwnServerOptions = {}): Promise<OwnServer> {
  return await startOwnServer('redis', options)
}
