import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startPostgres } from '../src/index.ts'
import { identifyProcess } from '../src/process-identity.ts'
import { askVersion } from '../src/postgres/version.ts'
import type { ServerRecord } from '../src/server-record.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eventspine-shared-'))
})

afterEach(async () => {
  await servers(['down', '--remove-data'])
  await rm(directory, { recursive: true })
})

interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function servers(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Answer> {
  const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
  const { EVENTSPINE_TEST_POSTGRES: _given, ...inherited } = process.env
  const env = { ...inherited, EVENTSPINE_DIRECTORY: directory, ...environment }
  return await new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', cli, ...words],
      { env },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr })
      },
    )
  })
}

function recordPath(): string {
  return join(directory, 'servers', 'postgres.json')
}

async function readRecord(): Promise<ServerRecord> {
  return JSON.parse(await readFile(recordPath(), 'utf8')) as ServerRecord // Written by the tool under test.
}

async function runningPid(): Promise<number> {
  return (await readRecord()).processes[0].pid
}

describe('the servers command', () => {
  it('prints the URL and nothing else, of a server that outlives the command', async () => {
    const first = await servers(['url', 'postgres'])
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(/^postgres:\/\/\S+\n$/)
    expect(await askVersion(first.stdout.trim(), 5_000)).toMatch(/^18\./)
    expect(await servers(['url', 'postgres'])).toEqual(first)
    const status = await servers(['status', 'postgres'])
    expect(status.stdout).toContain(`answers at ${first.stdout.trim()}, process ${await runningPid()}`)
  })

  it('starts one server for several who ask at once', async () => {
    const answers = await Promise.all([
      servers(['up', 'postgres']),
      servers(['up', 'postgres']),
      servers(['up', 'postgres']),
    ])
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0])
    const lines = answers.map(({ stdout }) => stdout)
    expect(lines.filter((line) => line.includes(' started at '))).toHaveLength(1)
    expect(lines.filter((line) => line.includes(' already running at '))).toHaveLength(2)
  })

  it('keeps state files from other users', async () => {
    await servers(['up', 'postgres'])
    expect((await stat(recordPath())).mode & 0o077).toBe(0)
  })

  it('stops the server, keeps its data for the next start and removes them when told to', async () => {
    await servers(['up', 'postgres'])
    const before = await readRecord()
    expect(await servers(['down', 'postgres'])).toMatchObject({ code: 0, stdout: 'postgres stopped\n' })
    expect(identifyProcess(before.processes[0].pid)).toBeUndefined()
    expect((await servers(['down', 'postgres'])).stdout).toBe('postgres was not running\n')
    expect((await servers(['status', 'postgres'])).stdout).toBe('postgres is not running\n')
    await servers(['up', 'postgres'])
    const password = (record: ServerRecord): string => new URL(record.url).password
    expect(password(await readRecord())).toBe(password(before))
    await servers(['down', '--remove-data', 'postgres'])
    await servers(['up', 'postgres'])
    expect(password(await readRecord())).not.toBe(password(before))
  })

  it('starts again after kill -9, on the same data', async () => {
    await servers(['up', 'postgres'])
    const before = await readRecord()
    process.kill(before.processes[0].pid, 'SIGKILL')
    expect((await servers(['up', 'postgres'])).stdout).toContain(' started at ')
    expect(new URL((await readRecord()).url).password).toBe(new URL(before.url).password)
  })

  it('neither trusts nor stops a process that got the number of a server that ended', async () => {
    await servers(['up', 'postgres'])
    const record = await readRecord()
    process.kill(record.processes[0].pid, 'SIGKILL')
    const reused = [{ ...record.processes[0], pid: process.pid }]
    await writeFile(recordPath(), JSON.stringify({ ...record, processes: reused }))
    expect((await servers(['status', 'postgres'])).stdout).toBe('postgres is not running\n')
    expect((await servers(['down', 'postgres'])).stdout).toBe('postgres was not running\n')
    expect((await servers(['up', 'postgres'])).stdout).toContain(' started at ')
  })

  it('uses the server of the environment, and says so when that one does not answer', async () => {
    await using given = await startPostgres()
    const environment = { EVENTSPINE_TEST_POSTGRES: given.url }
    expect((await servers(['url', 'postgres'], environment)).stdout).toBe(`${given.url}\n`)
    await given.kill()
    const failure = await servers(['url', 'postgres'], environment)
    expect(failure).toMatchObject({ code: 1, stdout: '' })
    expect(failure.stderr).toMatch(
      /EVENTSPINE_TEST_POSTGRES names does not answer \(.*ECONNREFUSED.*\)\n {2}remedy: /,
    )
  })

  it('explains itself, and refuses what it does not know', async () => {
    expect((await servers(['--help'])).stdout).toContain('npm run servers -- up')
    expect(await servers(['url', 'oracle'])).toMatchObject({ code: 2, stdout: '' })
    expect(await servers(['launch'])).toMatchObject({ code: 2, stdout: '' })
    expect(await servers(['up', '--fast'])).toMatchObject({ code: 2, stdout: '' })
    expect(await servers(['url'])).toMatchObject({ code: 2, stdout: '' })
    expect(await servers(['up'])).toMatchObject({ code: 2, stdout: '' })
  })
})
