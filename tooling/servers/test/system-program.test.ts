import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ServerStartError } from '../src/index.ts'
import { systemProgram } from '../src/system-program.ts'

let folder: string

const program = {
  server: 'redis',
  name: 'eventspine-absent-server',
  debianPackage: 'absent-server',
  product: 'Absent Server 7',
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eventspine-path-'))
  vi.stubEnv('PATH', folder)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

describe('a program of the system', () => {
  it('is taken from the PATH when it may be run', async () => {
    const path = join(folder, program.name)
    await writeFile(path, '')
    await expect(systemProgram(program, false)).rejects.toThrow('is no')
    await chmod(path, 0o755)
    expect(await systemProgram(program, false)).toBe(path)
  })

  it('that is missing and cannot be installed is an error that says what to install, and how to test the rest', async () => {
    const failure: unknown = await systemProgram(program, false).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ServerStartError)
    expect(failure).toMatchObject({
      server: 'redis',
      reason: 'there is no eventspine-absent-server on the PATH',
      remedy:
        'install Absent Server 7 (Debian: apt-get install absent-server), or test the rest: npm test -- --only memory,postgres',
    })
  })
})
