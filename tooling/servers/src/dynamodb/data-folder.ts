import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'

const memoryFiles = '/dev/shm'
const roomyBytes = 512 * 1024 * 1024

/**
 * Where the emulator keeps its files: in memory that outlives the process where there is plenty of it, as it waits for the
 * disk at each write, which makes it five times slower; else in `folder`. A kill of the process loses neither.
 */
export function dataFolder(folder: string): string {
  const inMemory = inMemoryOf(folder)
  return existsSync(inMemory) ? inMemory : join(folder, 'data')
}

/** Makes it where it is missing. The emulator wants one, also when it keeps nothing. */
export async function makeDataFolder(folder: string, storage: 'memory' | 'files'): Promise<string> {
  if (storage === 'files' && !existsSync(join(folder, 'data')) && (await isRoomy()))
    await mkdir(inMemoryOf(folder), { recursive: true })
  const place = dataFolder(folder)
  await mkdir(place, { recursive: true })
  return place
}

function inMemoryOf(folder: string): string {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  return join(memoryFiles, `eventspine-dynamodb-${name}`)
}

async function isRoomy(): Promise<boolean> {
  if (!existsSync(memoryFiles)) return false
  const { bavail, bsize } = await statfs(memoryFiles)
  return bavail * bsize >= roomyBytes
}
