import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, serverUrl } from '@eventspine/servers'

/** A durable store of a test's own. */
export interface TestStore extends AsyncDisposable {
  readonly url: string
}

export async function createTestStore(backend: 'pglite' | 'postgres', query = ''): Promise<TestStore> {
  if (backend === 'postgres') {
    const database = await createDatabase(await serverUrl('postgres'))
    return { url: `${database.url}${query}`, [Symbol.asyncDispose]: () => database.drop() }
  }
  const folder = await mkdtemp(join(tmpdir(), 'git-history-'))
  return {
    url: `pglite:${join(folder, 'store')}${query}`,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
