import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url))

/** The ignored folder for stores and histories; `EVENTSPINE_DIRECTORY` puts it elsewhere. */
export function tortureDirectory(): string {
  return join(resolve(process.env['EVENTSPINE_DIRECTORY'] ?? join(repositoryRoot, '.eventspine')), 'torture')
}
