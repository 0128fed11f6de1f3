import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { identifyProcess, isProcessAlive, type ProcessIdentity } from './process-identity.ts'
import { waitUntil } from './wait-until.ts'

/**
 * Runs `work` while no other process runs under the same lock file.
 * The lock of a process that died is taken over.
 *
 * @throws Error when the lock is still held by a living process after `deadlineMs`.
 */
export async function withExclusiveLock<Result>(
  path: string,
  deadlineMs: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const me = identifyProcess(process.pid)
  if (me === undefined) throw new Error('the start time of this process cannot be read')
  const content = JSON.stringify(me)
  await mkdir(dirname(path), { recursive: true })
  if (!(await waitUntil(() => tryLock(path, content), { deadlineMs, intervalMs: 10 }))) {
    throw new Error(`${path} is still held by process ${(await readHolder(path))?.pid ?? 'unknown'}`)
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function tryLock(path: string, content: string): Promise<boolean> {
  // Written beside and linked into place: a lock that exists is never seen empty or half written.
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, content)
  try {
    if (await linked(draft, path)) return true
    if (await isHeldByTheDead(path)) await removeStale(path, draft)
    return false
  } finally {
    await rm(draft, { force: true })
  }
}

/**
 * Two may see the same dead holder, and the slower one must not remove the quicker one's new lock: so only the
 * holder of a second file may remove the first, and looks again before it does.
 */
async function removeStale(path: string, draft: string): Promise<void> {
  const guard = `${path}.guard`
  if (!(await linked(draft, guard))) {
    // Its holder died within the few instructions below; nothing is removed in the same attempt.
    if (await isHeldByTheDead(guard)) await rm(guard, { force: true })
    return
  }
  try {
    if (await isHeldByTheDead(path)) await rm(path, { force: true })
  } finally {
    await rm(guard, { force: true })
  }
}

async function isHeldByTheDead(path: string): Promise<boolean> {
  const holder = await readHolder(path)
  return holder !== undefined && !isProcessAlive(holder)
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    // Only this file writes locks, and only whole ones.
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
