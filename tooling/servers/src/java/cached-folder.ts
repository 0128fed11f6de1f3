import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDirectory } from '../eventspine-directory.ts'
import { withExclusiveLock } from '../exclusive-lock.ts'

/** Something may be fetched from far away. */
const makeDeadlineMs = 600_000

/** Where a cached folder comes about. */
export interface CacheDraft {
  /** An empty folder: what is kept. */
  readonly result: string
  /** An empty folder for everything else; it is removed. */
  readonly scratch: string
}

/**
 * The folder of this name in the cache, made where it is missing, whoever asks at the same time. It is seen whole or
 * not at all: it is made beside its place and moved into it.
 */
export async function cachedFolder(
  name: string,
  make: (draft: CacheDraft) => Promise<void>,
): Promise<string> {
  const folder = join(cacheDirectory(), name)
  if (existsSync(folder)) return folder
  await withExclusiveLock(`${folder}.lock`, makeDeadlineMs, async () => {
    if (existsSync(folder)) return
    const draft = `${folder}.${randomUUID()}`
    const result = join(draft, 'result')
    const scratch = join(draft, 'scratch')
    try {
      await mkdir(result, { recursive: true })
      await mkdir(scratch)
      await make({ result, scratch })
      await rename(result, folder)
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  })
  return folder
}
