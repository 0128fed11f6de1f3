import { EventStoreError } from '@eventspine/core'
import { classifyError } from './classify-error.ts'
import type { RedisClient } from './client.ts'

/** XTRIM MINID and ranges without their ends came with it. https://redis.io/docs/latest/commands/xtrim/#history */
const OLDEST = [6, 2] as const

/**
 * Looks at every master: its version, and whether it may throw keys away when its memory is full.
 *
 * @throws {@link EventStoreError} `NOT_SUPPORTED`: too old; `STORE_INCOMPATIBLE`: it evicts.
 */
export async function checkServers(client: RedisClient, allowEviction: boolean): Promise<void> {
  const nodes = client.nodes?.('master') ?? [client]
  for (const node of nodes) {
    let info: string
    try {
      info = String(await node.call('info'))
    } catch (cause) {
      const error = classifyError(cause, { writes: false, sent: true })
      // Who may not look cannot tell; the README says what to set.
      if (error.code === 'ACCESS_DENIED' && isNoPermission(cause)) return
      throw error
    }
    checkVersion(field(info, 'redis_version'))
    if (!allowEviction) checkEviction(field(info, 'maxmemory'), field(info, 'maxmemory_policy'))
  }
}

function isNoPermission(cause: unknown): boolean {
  return cause instanceof Error && cause.message.startsWith('NOPERM')
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim()
}

function checkVersion(version: string | undefined): void {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number)
  if (version === undefined || major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return
  throw new EventStoreError('NOT_SUPPORTED', `redis: the server is ${version}, it has to be 6.2 or newer`)
}

function checkEviction(maxmemory: string | undefined, policy: string | undefined): void {
  if (policy === undefined || policy === 'noeviction' || maxmemory === undefined || maxmemory === '0') return
  throw new EventStoreError(
    'STORE_INCOMPATIBLE',
    `redis: the server throws keys away when its memory is full (maxmemory-policy ${policy}): set noeviction`,
  )
}
