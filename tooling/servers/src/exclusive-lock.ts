import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
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
  const content = JSON.stringify({ ...me, nonce: randomUUID() })
  await mkdir(dirname(path), { recursive: true })
  if (!(await waitUntil(() => tryLock(path, content), { deadlineMs, intervalMs: 50 }))) {
    throw new Error(`${path} is still held by process ${(await readHolder(path))?.holder.pid ?? 'unknown'}`)
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
    const seen = await readHolder(path)
    if (seen !== undefined && !isProcessAlive(seen.holder)) await removeStale(path, seen.content)
    return false
  } finally {
    await rm(draft, { force: true })
  }
}

/**
 * Two processes may see the same dead holder, and the slower one must not remove the quicker one's new lock:
 * so the file is moved aside first, looked at, and put back when it is not the one that was seen.
 */
async function removeStale(path: string, seenContent: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if ((await readFile(aside, 'utf8')) !== seenContent) await linked(aside, path)
  await rm(aside, { force: true })
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

async function readHolder(path: string): Promise<{ holder: ProcessIdentity; content: string } | undefined> {
  try {
    const content = await readFile(path, 'utf8')
    // Only this file writes locks, and only whole ones.
    return { content, holder: JSON.parse(content) as ProcessIdentity }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
