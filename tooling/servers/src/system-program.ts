import { execFile } from 'node:child_process'
import { constants, existsSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { serversDirectory } from './eventspine-directory.ts'
import { withExclusiveLock } from './exclusive-lock.ts'
import { ServerStartError } from './server-start-error.ts'

const installDeadlineMs = 600_000
/** Debian and its descendants keep what apt does in here. */
const aptGet = '/usr/bin/apt-get'

/** A program that a server needs and that no npm package brings. */
export interface SystemProgram {
  /** The server that needs it. */
  readonly server: string
  readonly name: string
  /** The Debian package that holds it. */
  readonly debianPackage: string
  /** What people elsewhere install, such as `Redis 7 or later`. */
  readonly product: string
}

/**
 * Finds the program on the PATH. Where it is missing, root on Debian installs it by apt, once, whoever asks at the
 * same time; others are told what to install.
 *
 * @param mayInstall - By default, whether this is root on Debian.
 * @returns its path.
 * @throws {@link ServerStartError} it is not there and cannot be installed.
 */
export async function systemProgram(
  program: SystemProgram,
  mayInstall: boolean = canInstall(),
): Promise<string> {
  const found = await onPath(program.name)
  if (found !== undefined) return found
  if (!mayInstall) throw missing(program, `there is no ${program.name} on the PATH`)
  return await withExclusiveLock(join(serversDirectory(), 'apt.lock'), installDeadlineMs, async () => {
    await ((await onPath(program.name)) ?? install(program))
    const installed = await onPath(program.name)
    if (installed === undefined) throw missing(program, `${program.debianPackage} brought no ${program.name}`)
    return installed
  })
}

async function onPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (folder !== '' && executable) return path
  }
  return undefined
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync(aptGet)
}

async function install(program: SystemProgram): Promise<void> {
  const words = ['install', '-y', '-q', '--no-install-recommends', program.debianPackage]
  try {
    // The lists of a fresh container are empty, those of an old one name what is no longer there.
    await apt(words).catch(() => apt(['update', '-q']).then(() => apt(words)))
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    throw missing(
      program,
      `apt-get install ${program.debianPackage} failed: ${text.trim().slice(-400)}`,
      cause,
    )
  }
}

async function apt(words: readonly string[]): Promise<void> {
  await promisify(execFile)(aptGet, ['-o', 'DPkg::Lock::Timeout=300', ...words], {
    // In runlevel 1 a package starts no service of its own: nothing listens but what is started here.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    maxBuffer: 64 * 1024 * 1024,
  })
}

function missing(program: SystemProgram, reason: string, cause?: unknown): ServerStartError {
  return new ServerStartError(
    program.server,
    reason,
    `install ${program.product} (Debian: apt-get install ${program.debianPackage}), or test the rest: npm test -- --only memory,postgres`,
    cause === undefined ? undefined : { cause },
  )
}
