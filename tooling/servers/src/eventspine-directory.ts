import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url))

/**
 * The ignored folder of the repository for everything that tools leave behind.
 * `EVENTSPINE_DIRECTORY` puts it elsewhere, so that a test can have one of its own.
 */
function eventspineDirectory(): string {
  return resolve(process.env['EVENTSPINE_DIRECTORY'] ?? join(repositoryRoot, '.eventspine'))
}

/** Where server data, logs and state files are kept. */
export function serversDirectory(): string {
  return join(eventspineDirectory(), 'servers')
}

/**
 * Where downloads are kept between runs. Always the repository's own folder: what tests keep elsewhere, they would
 * fetch again.
 */
export function cacheDirectory(): string {
  return join(repositoryRoot, '.eventspine', 'cache')
}
