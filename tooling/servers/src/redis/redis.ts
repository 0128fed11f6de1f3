import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerDefinition, StartRequest } from '../server-definition.ts'
import { startFailure } from '../start-failure.ts'
import { startProcess } from '../start-process.ts'
import { askRedis } from './ask-redis.ts'
import { redisProgram } from './redis-program.ts'

const startDeadlineMs = 60_000
const attemptMs = 2_000

const defaultSettings = {
  bind: '127.0.0.1',
  appendonly: 'yes',
  appendfsync: 'everysec',
  save: '',
  loglevel: 'notice',
}

/** Debian's `redis-server`, or the one on the PATH: the real server, with an append-only file. */
export const redis: ServerDefinition = {
  name: 'redis',
  title: "Redis: Debian's redis-server, or one on the PATH",
  urlVariable: 'EVENTSPINE_TEST_REDIS',
  stopSignal: 'SIGTERM',
  exitSignal: 'SIGKILL',
  probe: askRedis,
  dataDirectory: (folder) => Promise.resolve(join(folder, 'data')),

  async start(request) {
    const program = await redisProgram('redis-server')
    const dataDirectory = join(request.folder, 'data')
    await mkdir(dataDirectory, { recursive: true })
    const configuration = join(request.folder, 'redis.conf')
    await writeFile(configuration, configurationText(request, dataDirectory), { mode: 0o600 })
    const logPath = join(request.folder, 'redis.log')
    const url = redisUrl(request)
    const attempt = await startProcess(
      {
        program,
        words: [configuration],
        workingDirectory: dataDirectory,
        logPath,
        detached: request.detached,
      },
      { deadlineMs: startDeadlineMs, attemptMs, ask: (deadlineMs) => askRedis(url, deadlineMs) },
      'SIGKILL',
    )
    if (!attempt.ready) throw startFailure('redis', attempt.log, logPath)
    return { url, dataDirectory, version: attempt.version, processes: [attempt.process] }
  },
}

function configurationText({ port, settings }: StartRequest, dataDirectory: string): string {
  const all = { ...defaultSettings, ...settings, port: String(port), dir: JSON.stringify(dataDirectory) }
  return Object.entries(all)
    .map(([name, value]) => `${name} ${value === '' ? '""' : value}\n`)
    .join('')
}

function redisUrl({ port, settings }: StartRequest): string {
  const { requirepass } = settings
  const password = requirepass === undefined ? '' : `:${encodeURIComponent(requirepass)}@`
  return `redis://${password}127.0.0.1:${port}`
}
