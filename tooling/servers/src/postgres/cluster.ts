import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { identifyProcess } from '../process-identity.ts'
import { ServerStartError } from '../server-start-error.ts'
import type { ServerAccount } from './account.ts'

const passwordFile = 'eventspine-password'
const unusedPid = 2 ** 31 - 1

/**
 * Makes the database cluster in `dataDirectory` where there is none yet, owned by the account.
 * A cluster is seen whole or not at all: it is made beside and moved into place.
 *
 * @returns the password of user `postgres`, random for each cluster.
 */
export async function ensureCluster(
  programs: string,
  dataDirectory: string,
  account: ServerAccount | undefined,
): Promise<{ password: string }> {
  if (!existsSync(join(dataDirectory, 'PG_VERSION'))) await makeCluster(programs, dataDirectory, account)
  return { password: await readFile(join(dataDirectory, passwordFile), 'utf8') }
}

/**
 * Where no init process reaps the dead, as in many containers, a killed server stays a zombie,
 * which PostgreSQL takes for a running one by its number in `postmaster.pid`. Only the number is replaced, by one
 * that no system gives out: the rest of the file lets the new server see whether children of the old one still live.
 */
export async function disownDeadServer(dataDirectory: string): Promise<void> {
  const path = join(dataDirectory, 'postmaster.pid')
  if (!existsSync(path)) return
  const [pid, ...rest] = (await readFile(path, 'utf8')).split('\n')
  if (identifyProcess(Number(pid)) === undefined) await writeFile(path, [unusedPid, ...rest].join('\n'))
}

async function makeCluster(
  programs: string,
  dataDirectory: string,
  account: ServerAccount | undefined,
): Promise<void> {
  const draft = `${dataDirectory}.${randomUUID()}`
  const draftPassword = `${draft}.password`
  try {
    await mkdir(draft, { mode: 0o700 })
    await writeFile(draftPassword, randomBytes(18).toString('hex'), { mode: 0o600 })
    if (account !== undefined) {
      await chown(draft, account.uid, account.gid)
      await chown(draftPassword, account.uid, account.gid)
    }
    await runInitdb(programs, draft, draftPassword, account)
    await rename(draftPassword, join(draft, passwordFile))
    await rename(draft, dataDirectory)
  } finally {
    await rm(draft, { recursive: true, force: true })
    await rm(draftPassword, { force: true })
  }
}

async function runInitdb(
  programs: string,
  draft: string,
  pwfile: string,
  account: ServerAccount | undefined,
): Promise<void> {
  const flags = ['-D', draft, '--username=postgres', '--auth=scram-sha-256', `--pwfile=${pwfile}`]
  // A collation as production servers have one: whatever needs byte order must ask for it to pass here.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US']
  try {
    await promisify(execFile)(join(programs, 'initdb'), [...flags, ...locale], {
      cwd: draft,
      env: { ...process.env, LC_ALL: 'C' },
      ...account,
    })
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new ServerStartError(
      'postgres',
      `initdb failed: ${text.split('\n').slice(-4).join(' ').trim()}`,
      'npx pnpm@10 rebuild, or set EVENTSPINE_TEST_POSTGRES to the URL of a running server',
      { cause },
    )
  }
}
