import { join } from 'node:path'
import { startPostgres } from '@eventspine/servers'
import { crash } from './crash.ts'
import type { ServerSettings, Target } from '../target.ts'

export async function openPostgres(settings: ServerSettings): Promise<Target> {
  const server = await startPostgres({ settings })
  const module = new URL('../stores/postgres-store.ts', import.meta.url).href
  let stores = 0
  return {
    documents: true,
    sharedTransaction: true,
    processes: 3,
    leaseMs: 700,
    mostCalls: 300,
    newStore: async () => ({ module, url: `${server.url}?schema=torture_${++stores}` }),
    crashServer: () => crash(server),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

export async function openPglite(_settings: ServerSettings, directory: string): Promise<Target> {
  const folder = join(directory, 'pglite')
  const module = new URL('../stores/pglite-store.ts', import.meta.url).href
  let stores = 0
  return {
    documents: true,
    sharedTransaction: true,
    processes: 1,
    leaseMs: 700,
    mostCalls: 2000,
    // Schemas of one folder: making a folder takes seconds.
    newStore: async () => ({ module, url: `pglite:${folder}?schema=torture_${++stores}` }),
    [Symbol.asyncDispose]: async () => undefined,
  }
}
