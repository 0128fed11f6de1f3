import { startOwnServer, type OwnServer, type OwnServerOptions } from '../own-server.ts'

/**
 * Starts a fresh Kafka for this process alone: see {@link startOwnServer}. Settings are lines of `server.properties`,
 * such as `{ 'message.max.bytes': '1000000' }`. Topics are not made by being named.
 *
 * @throws {@link ServerStartError} with the reason and the remedy; nothing keeps running.
 */
export async function startKafka(options: OwnServerOptions = {}): Promise<OwnServer> {
  return await startOwnServer('kafka', options)
}
