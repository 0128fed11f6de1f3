import { startOwnServer, type OwnServer, type OwnServerOptions } from '../own-server.ts'

/**
 * Starts a fresh DynamoDB Local, an emulator, for this process alone: see {@link startOwnServer}. Its one setting is
 * `storage`: in `files`, the default here, tables are there again after `kill()` and `restart()`; in `memory` they are
 * not, and it is quicker.
 *
 * @throws {@link ServerStartError} with the reason and the remedy; nothing keeps running.
 */
export async function startDynamodb({ settings, ...options }: OwnServerOptions = {}): Promise<OwnServer> {
  return await startOwnServer('dynamodb', { ...options, settings: { storage: 'files', ...settings } })
}
