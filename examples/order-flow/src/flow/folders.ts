import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ignoredFolder = fileURLToPath(new URL('../../../../.eventspine', import.meta.url))

/** A folder for the logs of one run, which is not in version control. */
export async function createLogFolder(environment: NodeJS.ProcessEnv): Promise<string> {
  const parent = join(resolve(environment['EVENTSPINE_DIRECTORY'] ?? ignoredFolder), 'order-flow')
  await mkdir(parent, { recursive: true })
  return await mkdtemp(join(parent, 'run-'))
}

export async function removeLogFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}
