import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openUrl, pglite } from '../src/index.ts'
import { lockFolder } from '../src/folder-lock.ts'
import { ownIdentity } from '../src/process-identity.ts'
import { withFolder } from './backend.ts'
import { counted, refusedWith } from './database.ts'

const openerPath = fileURLToPath(new URL('second-opener.ts', import.meta.url))

/** A second process of the system. */
class SecondProcess implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  constructor(folder: string, create: boolean) {
    const loader = ['--conditions=@eventspine/source', '--import=tsx']
    const options = { stdio: ['pipe', 'pipe', 'inherit'] as ['pipe', 'pipe', 'inherit'] }
    this.#child = spawn(process.execPath, [...loader, openerPath, folder, create ? 'create' : ''], options)
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async says(): Promise<string | undefined> {
    const { value } = (await this.#lines.next()) as IteratorResult<string, undefined>
    return value
  }

  async append(): Promise<string | undefined> {
    this.#child.stdin.write('\n')
    return this.says()
  }

  async end(signal?: 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    if (signal === undefined) this.#child.stdin.end()
    else this.#child.kill(signal)
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }
}

/** A folder with a store, copied: to make a database takes seconds. */
let template = ''
beforeAll(async () => {
  template = join(tmpdir(), `eventspine-template-${process.pid}`)
  await (await pglite.open(template, { create: true })).close()
})
afterAll(() => rm(template, { recursive: true }))

async function withStore(work: (folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await cp(template, folder, { recursive: true })
    await work(folder)
  })
}

const locksBeside = async (folder: string) =>
  (await readdir(dirname(folder))).filter((name) => name.startsWith(`${basename(folder)}.eventspine-lock`))

it('refuses a folder that another process has open, and opens it once that has closed it', async () => {
  await withStore(async (folder) => {
    const backend = await pglite.open(folder)
    await backend.store.append('counter:1', [counted(1)])
    await using refused = new SecondProcess(folder, true)
    expect(await refused.says()).toBe('STORE_IN_USE')
    await backend.close()
    expect(await locksBeside(folder)).toEqual([])
    await using opened = new SecondProcess(folder, false)
    expect(await opened.says()).toBe('open')
    const error = await refusedWith(() => pglite.open(folder))
    expect(error).toMatchObject({ code: 'STORE_IN_USE', outcome: 'not-applied' })
    expect(await opened.append()).toBe('appended')
    await opened.end()
    await using again = await pglite.open(folder)
    expect(await again.store.feed().toArray()).toHaveLength(2)
  })
})

it('takes over what a killed process left behind, with all that it had acknowledged', async () => {
  await withStore(async (folder) => {
    await using killed = new SecondProcess(folder, false)
    expect(await killed.says()).toBe('open')
    for (let number = 1; number <= 5; number++) expect(await killed.append()).toBe('appended')
    await killed.end('SIGKILL')
    expect(await locksBeside(folder)).toHaveLength(1)
    const backend = await pglite.open(folder)
    expect((await backend.store.feed().toArray()).map(({ data }) => data)).toEqual(
      [1, 2, 3, 4, 5].map((number) => ({ number })),
    )
    await backend.close()
    expect(await locksBeside(folder)).toEqual([])
  })
})

it('refuses a second opening in one process, by whatever name, and closes for good', async () => {
  await withStore(async (folder) => {
    await using backend = await pglite.open(folder)
    const alias = `${folder}-alias`
    await symlink(folder, alias)
    try {
      for (const name of [folder, `${folder}/`, `${folder}/../${basename(folder)}`, alias]) {
        expect(await refusedWith(() => pglite.open(name))).toMatchObject({ code: 'STORE_IN_USE' })
      }
    } finally {
      await rm(alias)
    }
    await backend.close()
    expect(await refusedWith(() => backend.store.head('counter:1'))).toMatchObject({ code: 'CLOSED' })
  })
})

it('creates nothing unless asked', async () => {
  await withFolder(async (folder) => {
    for (const open of [() => pglite.open(folder), () => openUrl(`pglite:${folder}`)]) {
      const error = await refusedWith(open)
      expect(error).toMatchObject({ code: 'STORE_MISSING', outcome: 'not-applied' })
      expect(String(error)).toContain('create: true')
    }
    expect((await readdir(dirname(folder))).filter((name) => name.startsWith(basename(folder)))).toEqual([])
    await (await openUrl(`pglite:${folder}`, { create: true, partitions: 2 })).close()
    await using backend = await openUrl(`pglite:${folder}?schema=eventspine`)
    expect(backend.store.partitions).toBe(2)
  })
})

const lockOf = (folder: string) => `${folder}.eventspine-lock`

it('gives a lock left behind to one of many that want it', async () => {
  await withFolder(async (folder) => {
    await mkdir(folder)
    for (let round = 0; round < 10; round++) {
      // A process that has ended: its number may be in use again, its start time cannot be.
      await writeFile(
        lockOf(folder),
        JSON.stringify({ ...ownIdentity(), startedAt: '1', token: `left-${round}` }),
      )
      const settled = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder, true)))
      const unlocks = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      expect(unlocks).toHaveLength(1)
      for (const result of settled) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'STORE_IN_USE' })
      }
      await unlocks[0]?.()
      expect(await locksBeside(folder)).toEqual([])
    }
  })
})

it('judges an owner that it cannot see by its last sign of life', async () => {
  await withFolder(async (folder) => {
    await mkdir(folder)
    const elsewhere = { ...ownIdentity(), scope: 'another-host x y', token: 'elsewhere' }
    for (const content of [JSON.stringify(elsewhere), '{"half wri']) {
      await writeFile(lockOf(folder), content)
      const error = await refusedWith(() => lockFolder(folder, true))
      expect(error).toMatchObject({ code: 'STORE_IN_USE', retryable: true })
      const longAgo = new Date(Date.now() - 10 * 60_000)
      await utimes(lockOf(folder), longAgo, longAgo)
      await (
        await lockFolder(folder, true)
      )()
    }
    expect(await locksBeside(folder)).toEqual([])
  })
})

it('leaves the lock of its successor alone', async () => {
  await withFolder(async (folder) => {
    await mkdir(folder)
    const unlock = await lockFolder(folder, true)
    const successor = JSON.stringify({ ...ownIdentity(), token: 'successor' })
    await writeFile(lockOf(folder), successor)
    await unlock()
    expect(await readFile(lockOf(folder), 'utf8')).toBe(successor)
  })
})
