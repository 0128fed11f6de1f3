import { execFileSync } from 'node:child_process'
import { ServerStartError } from '../server-start-error.ts'

/** Whom the server runs as. */
export interface ServerAccount {
  readonly uid: number
  readonly gid: number
}

/**
 * PostgreSQL refuses to run as root, so root lends it the system user `postgres` where there is one,
 * else `nobody`, which every system has: no user needs to be added for a test.
 *
 * @returns `undefined` for anyone but root: the server then runs as the caller.
 */
export function serverAccount(): ServerAccount | undefined {
  if (process.getuid?.() !== 0) return undefined
  const account = lookUp('postgres') ?? lookUp('nobody')
  if (account === undefined) {
    throw new ServerStartError(
      'postgres',
      'it does not run as root, and there is neither a user "postgres" nor "nobody" to run it as',
      'useradd --system postgres, or run as another user than root',
    )
  }
  return account
}

function lookUp(name: string): ServerAccount | undefined {
  const uid = idOf('-u', name)
  const gid = idOf('-g', name)
  return uid === undefined || gid === undefined || uid === 0 ? undefined : { uid, gid }
}

function idOf(flag: string, name: string): number | undefined {
  try {
    return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  } catch {
    return undefined
  }
}
