import { mkdir } from 'node:fs/promises'
import { withExclusiveLock } from './exclusive-lock.ts'
import { freePort } from './free-port.ts'
import { removeServerData } from './own-server.ts'
import { endProcess } from './process-identity.ts'
import { serverDefinition, type ServerName } from './registry.ts'
import {
  findServer,
  removeServerRecord,
  serverPaths,
  writeServerRecord,
  type FoundServer,
  type ServerRecord,
} from './server-record.ts'
import { ServerStartError } from './server-start-error.ts'

/** The holder may be installing packages and fetching jars. */
const lockDeadlineMs = 600_000
const answerDeadlineMs = 15_000
const stopGraceMs = 30_000

/** A server to use, and how it came about. */
export interface SharedServer {
  readonly url: string
  readonly version: string
  /** `given` by its environment variable, found `running`, or `started` by this call. */
  readonly origin: 'given' | 'running' | 'started'
  /** The main process; `undefined` for a given one. */
  readonly pid: number | undefined
}

/**
 * The URL of a server of this name: the one its environment variable gives, else the shared one,
 * which is started where it does not run and keeps running when this process ends. Within vitest it is the one of the
 * run, which is started for the files that name it.
 *
 * @throws {@link ServerStartError} it does not answer or cannot start, or belongs to no file of the run.
 */
export async function serverUrl(name: ServerName): Promise<string> {
  const { urlVariable } = serverDefinition(name)
  // One that a test started here would outlive the run.
  if (process.env['VITEST'] !== undefined && !process.env[urlVariable]) {
    throw new ServerStartError(
      name,
      'this run was not told that its tests need it',
      `name the file <topic>.${name}.integration.test.ts, or set ${urlVariable}`,
    )
  }
  return (await ensureServer(name)).url
}

/** As {@link serverUrl}, with all that is known of the server. Calls at the same time start one server. */
export async function ensureServer(name: ServerName): Promise<SharedServer> {
  const given = process.env[serverDefinition(name).urlVariable]
  if (given !== undefined && given !== '') return await givenServer(name, given)
  const { lock } = serverPaths(name)
  return await withExclusiveLock(lock, lockDeadlineMs, async () => {
    const found = await findServer(name)
    if (found?.whole) return await runningServer(name, found.record)
    await endAll(name, found)
    return await startShared(name)
  })
}

/**
 * Stops the shared server of this name; with `removeData`, what it stored goes too.
 *
 * @returns whether anything was running. Never touches a server given by a URL.
 */
export async function stopServer(name: ServerName, options: { removeData: boolean }): Promise<boolean> {
  const { lock, folder } = serverPaths(name)
  return await withExclusiveLock(lock, lockDeadlineMs, async () => {
    const found = await findServer(name)
    await endAll(name, found)
    if (options.removeData) await removeServerData(serverDefinition(name), folder)
    return found !== undefined && found.living.length > 0
  })
}

/** Whether the shared server runs, and whether it answers. */
export async function serverStatus(
  name: ServerName,
): Promise<{ record: ServerRecord | undefined; answers: boolean }> {
  const found = await findServer(name)
  if (!found?.whole) return { record: undefined, answers: false }
  const answer = serverDefinition(name).probe(found.record.url, answerDeadlineMs)
  return { record: found.record, answers: await answer.then(Boolean, () => false) }
}

async function endAll(name: ServerName, found: FoundServer | undefined): Promise<void> {
  for (const one of found?.living ?? []) await endProcess(one, serverDefinition(name).stopSignal, stopGraceMs)
  await removeServerRecord(name)
}

async function givenServer(name: ServerName, url: string): Promise<SharedServer> {
  const definition = serverDefinition(name)
  const { urlVariable } = definition
  try {
    return { url, version: await definition.probe(url, answerDeadlineMs), origin: 'given', pid: undefined }
  } catch (cause) {
    throw new ServerStartError(
      name,
      `the server that ${urlVariable} names does not answer (${reasonOf(cause)})`,
      `start that server or correct its URL; without ${urlVariable} one is started here`,
      { cause },
    )
  }
}

async function runningServer(name: ServerName, record: ServerRecord): Promise<SharedServer> {
  const [{ pid }] = record.processes
  try {
    await serverDefinition(name).probe(record.url, answerDeadlineMs)
    return { url: record.url, version: record.version, origin: 'running', pid }
  } catch (cause) {
    throw new ServerStartError(
      name,
      `process ${pid} runs but does not answer (${reasonOf(cause)})`,
      `npm run servers -- down ${name}, then try again; its log is in ${serverPaths(name).folder}`,
      { cause },
    )
  }
}

async function startShared(name: ServerName): Promise<SharedServer> {
  const { folder } = serverPaths(name)
  await mkdir(folder, { recursive: true })
  const request = { folder, port: await freePort(), detached: true, settings: {} }
  const started = await serverDefinition(name).start(request)
  await writeServerRecord(name, started)
  return { url: started.url, version: started.version, origin: 'started', pid: started.processes[0].pid }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
