import { randomUUID } from 'node:crypto'
import { constants, existsSync, readFileSync, unlinkSync } from 'node:fs'
import {
  copyFile,
  link,
  mkdir,
  readFile,
  realpath,
  rename,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { EventStoreError } from '@eventspine/core'
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts'

/*
 * PGlite has no guard of its own: of two processes in one folder each keeps its own pages in memory and writes them over
 * the other's, and acknowledged events vanish without a word. So the folder is locked before PGlite touches it, by a file
 * beside it (initdb wants the folder itself to be empty).
 */

/** How often an owner says that it lives, for those who cannot see its process. */
const BEAT_MS = 5_000
/** After how long without it they may take the lock. */
const SILENT_MS = 60_000

interface Owner extends ProcessIdentity {
  /** Unique to one taking of the lock. */
  readonly token: string
}

/**
 * Locks a folder for this process; a missing one is made with `create`.
 *
 * A lock whose process has ended is taken over: at once when that can be seen (same host, same container), else a minute
 * after its last sign of life. Not seen are programs that open the folder with PGlite and without this lock.
 *
 * @returns what unlocks it. The end of the process unlocks it too.
 * @throws {@link EventStoreError} `STORE_IN_USE`; `STORE_MISSING` when there is no database in the folder and `create` is not set.
 */
export async function lockFolder(folder: string, create: boolean): Promise<() => Promise<void>> {
  const path = resolve(folder)
  if (!create && !existsSync(join(path, 'PG_VERSION'))) {
    throw new EventStoreError(
      'STORE_MISSING',
      `pglite: there is no database in ${folder}: open with create: true`,
    )
  }
  const owner: Owner = { ...ownIdentity(), token: randomUUID() }
  const lockPath = await takeLock(path, owner, folder)
  const beat = setInterval(() => {
    const now = new Date()
    // Without it the lock still holds for all who can see this process.
    utimes(lockPath, now, now).catch(() => undefined)
  }, BEAT_MS)
  beat.unref()
  const releaseNow = (): void => {
    if (readOwnerSync(lockPath)?.token === owner.token) unlinkSync(lockPath)
  }
  process.once('exit', releaseNow)
  return async () => {
    clearInterval(beat)
    process.off('exit', releaseNow)
    if ((await readOwner(lockPath))?.token === owner.token) await unlink(lockPath)
  }
}

async function takeLock(path: string, owner: Owner, folder: string): Promise<string> {
  try {
    await mkdir(dirname(path), { recursive: true })
    const lockPath = `${await canonicalPath(path)}.eventspine-lock`
    await acquire(lockPath, owner, folder)
    return lockPath
  } catch (cause) {
    if (EventStoreError.is(cause)) throw cause
    throw new EventStoreError('ACCESS_DENIED', `pglite: the folder beside ${folder} cannot be written to`, {
      cause,
    })
  }
}

/** Two ways to write a path must not be two locks. */
async function canonicalPath(path: string): Promise<string> {
  if (existsSync(path)) return realpath(path)
  return join(await realpath(dirname(path)), basename(path))
}

/**
 * A file that appears with all its content at once is the lock. To take over one that was left behind, a second lock is
 * taken that is named for just that taking of it: its owner alone may replace the file, however many have seen the same
 * dead process, and however long ago.
 */
async function acquire(lockPath: string, owner: Owner, folder: string): Promise<void> {
  const draft = `${lockPath}.${owner.token}`
  await writeFile(draft, JSON.stringify(owner), { flag: 'wx' })
  try {
    while (!(await linked(draft, lockPath))) {
      const current = await readOwner(lockPath)
      // Released between the two looks: try again.
      if (current === undefined) continue
      if (await holds(current, lockPath)) throw inUse(folder, current)
      const claimPath = `${lockPath}.after-${current.token}`
      await acquire(claimPath, { ...owner, token: randomUUID() }, folder)
      try {
        if ((await readOwner(lockPath))?.token === current.token) {
          await rename(draft, lockPath)
          return
        }
      } finally {
        await unlink(claimPath)
      }
    }
  } finally {
    await unlink(draft).catch(ignoreMissing)
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to).catch(async (error: unknown) => {
      // File systems without hard links: there the content comes a moment after the file.
      if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].some((code) => hasCode(error, code))) throw error
      await copyFile(from, to, constants.COPYFILE_EXCL)
    })
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

async function holds(owner: Owner, lockPath: string): Promise<boolean> {
  const alive = isAlive(owner)
  if (alive !== undefined) return alive
  const silentMs =
    Date.now() -
    (await stat(lockPath).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ))
  return silentMs < SILENT_MS
}

async function readOwner(lockPath: string): Promise<Owner | undefined> {
  try {
    return parseOwner(await readFile(lockPath, 'utf8'))
  } catch (error) {
    ignoreMissing(error)
    return undefined
  }
}

function readOwnerSync(lockPath: string): Owner | undefined {
  try {
    return parseOwner(readFileSync(lockPath, 'utf8'))
  } catch (error) {
    ignoreMissing(error)
    return undefined
  }
}

function parseOwner(text: string): Owner {
  try {
    // Written by this module.
    return JSON.parse(text) as Owner
  } catch {
    // Just being written, or damaged: an owner that cannot be seen, known by its signs of life only.
    return { pid: 0, startedAt: '', scope: 'an unknown host', token: '' }
  }
}

function ignoreMissing(error: unknown): void {
  if (!hasCode(error, 'ENOENT')) throw error
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function inUse(folder: string, { pid, scope }: Owner): EventStoreError<'STORE_IN_USE'> {
  const where = scope === ownIdentity().scope ? '' : ` on ${scope.split(' ')[0]}`
  return new EventStoreError(
    'STORE_IN_USE',
    `pglite: ${folder} is open in process ${pid}${where}: a PGlite folder can be open once; ` +
      'close it there, or use a PostgreSQL server for several processes',
    { retryable: true },
  )
}
