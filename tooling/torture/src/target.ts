import { join } from 'node:path'
import { startPostgres, startRedis } from '@eventspine/servers'
import type { ChildAccess } from '@eventspine/conformance'
import type { Blow } from './blow.ts'

/** What is tortured. */
export interface Target extends AsyncDisposable {
  readonly name: TargetName
  /** Consumers may take part in the store's own transactions. */
  readonly sharedTransaction: boolean
  /** Processes that have a store open at once. */
  readonly processes: number
  /** A store that nobody has used; the first process that opens it creates it. */
  newStore(): Promise<ChildAccess>
  /** Kills the server under everybody and starts it again; absent where the engine is in the process. */
  readonly crashServer?: () => Promise<void>
}

export const targetNames = ['postgres', 'pglite', 'redis'] as const

export type TargetName = (typeof targetNames)[number]

/** What can be done to each: the engine in a process has no server, and nobody can take its partitions over. */
export const blowsOf: Readonly<Record<TargetName, readonly Blow[]>> = {
  postgres: ['before-send', 'sent', 'replied', 'random', 'server', 'paused'],
  pglite: ['before-send', 'sent', 'replied', 'random'],
  redis: ['before-send', 'sent', 'replied', 'random', 'server', 'paused'],
}

/** @param settings - of the server, by their own names. */
export async function openTarget(
  name: TargetName,
  directory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Target> {
  switch (name) {
    case 'postgres':
      return openPostgres(settings)
    case 'pglite':
      return openPglite(directory)
    case 'redis':
      return openRedis(settings)
  }
}

async function openPostgres(settings: Readonly<Record<string, string>>): Promise<Target> {
  const server = await startPostgres({ settings })
  const module = new URL('./stores/postgres-store.ts', import.meta.url).href
  let stores = 0
  return {
    name: 'postgres',
    sharedTransaction: true,
    processes: 3,
    newStore: async () => ({ module, url: `${server.url}?schema=torture_${++stores}` }),
    crashServer: async () => {
      await server.kill('SIGKILL')
      await server.restart()
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

function openPglite(directory: string): Target {
  const folder = join(directory, 'pglite')
  const module = new URL('./stores/pglite-store.ts', import.meta.url).href
  let stores = 0
  return {
    name: 'pglite',
    sharedTransaction: true,
    processes: 1,
    // Schemas of one folder: making a folder takes seconds.
    newStore: async () => ({ module, url: `pglite:${folder}?schema=torture_${++stores}` }),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

async function openRedis(settings: Readonly<Record<string, string>>): Promise<Target> {
  // Acknowledged means on disk, so that a killed server has no excuse.
  const server = await startRedis({ settings: { appendfsync: 'always', ...settings } })
  const module = new URL('./stores/redis-store.ts', import.meta.url).href
  let stores = 0
  return {
    name: 'redis',
    sharedTransaction: false,
    processes: 3,
    newStore: async () => ({ module, url: `${server.url}?prefix=torture-${++stores}` }),
    crashServer: async () => {
      await server.kill('SIGKILL')
      await server.restart()
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
}
