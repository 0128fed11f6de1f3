import { createHash, randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import { cp, lstat, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { ServerStartError } from '../server-start-error.ts'
import type { ServerAccount } from './account.ts'
import type { PostgresBinaries } from './binaries.ts'

/**
 * Where the data of `folder` lie: in it, unless the account cannot get there.
 * Root's home and the folders of `mktemp -d` are closed to others, and root cannot run the server itself:
 * then a folder of the same name under the system's temporary one takes its place.
 */
export async function placeData(folder: string, account: ServerAccount | undefined): Promise<string> {
  if (account === undefined || (await canReach(folder, account))) return join(folder, 'data')
  return join(await openFolder(account), `eventspine-data-${shortHash(resolve(folder))}`)
}

/** Where the programs are run from: where they were installed, else a copy that the account can reach. */
export async function placeBinaries(
  binaries: PostgresBinaries,
  account: ServerAccount | undefined,
): Promise<string> {
  if (account === undefined || (await canReach(binaries.root, account))) return binaries.root
  const copy = join(
    await openFolder(account),
    `eventspine-postgres-${binaries.packageVersion}-${process.arch}`,
  )
  if (await isOurs(copy)) return copy
  const draft = `${copy}.${randomUUID()}`
  await cp(binaries.root, draft, { recursive: true, verbatimSymlinks: true })
  try {
    await rename(draft, copy)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    // Another process was quicker with the same copy.
    if (!(await isOurs(copy))) throw error
  }
  return copy
}

/** The folder is open to all, so a name in it may have been taken by anyone. */
async function isOurs(path: string): Promise<boolean> {
  const entry = await entryOf(path, lstat)
  if (entry === undefined) return false
  if (entry.isDirectory() && entry.uid === process.getuid?.()) return true
  throw new ServerStartError('postgres', `${path} belongs to another user`, `remove ${path}`)
}

async function openFolder(account: ServerAccount): Promise<string> {
  const candidates = [tmpdir(), '/var/tmp']
  for (const folder of candidates) if (await canReach(folder, account)) return folder
  throw new ServerStartError(
    'postgres',
    `user ${account.uid}, whom the server runs as, can enter neither this repository nor ${candidates.join(' nor ')}`,
    'put the repository where other users may enter, run as another user than root, or set EVENTSPINE_TEST_POSTGRES',
  )
}

/** Whether the account may enter the folder and all above it; one that is still to be made counts as open. */
async function canReach(folder: string, account: ServerAccount): Promise<boolean> {
  for (let path = resolve(folder); ; path = dirname(path)) {
    const entry = await entryOf(path, stat)
    if (entry !== undefined && !mayEnter(entry, account)) return false
    if (path === dirname(path)) return true
  }
}

function mayEnter(entry: Stats, account: ServerAccount): boolean {
  const shift = entry.uid === account.uid ? 6 : entry.gid === account.gid ? 3 : 0
  return ((entry.mode >> shift) & 1) === 1
}

async function entryOf(path: string, look: (path: string) => Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await look(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
