import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { identifyProcess, type ProcessIdentity } from './process-identity.ts'

/** A program to be run as a server. */
export interface Launch {
  readonly program: string
  readonly words: readonly string[]
  readonly workingDirectory: string
  /** Both outputs are appended to it; readable by its owner only. */
  readonly logPath: string
  /** True: it outlives this process and its terminal. */
  readonly detached: boolean
  /** @defaultValue that of this process */
  readonly environment?: NodeJS.ProcessEnv
  /** Whom it runs as. @defaultValue the caller */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined
}

/** Starts the program. Whether it came up is asked of the system afterwards: a failed start is a dead process. */
export function launchProcess(launch: Launch): ProcessIdentity {
  const log = openSync(launch.logPath, 'a', 0o600)
  try {
    const child = spawn(launch.program, launch.words, {
      cwd: launch.workingDirectory,
      detached: launch.detached,
      stdio: ['ignore', log, log],
      env: launch.environment ?? process.env,
      ...launch.account,
    })
    // Whether it runs is asked of the system, by its number; a failed exec leaves none.
    child.on('error', () => undefined)
    child.unref()
    const identity = child.pid === undefined ? undefined : identifyProcess(child.pid)
    return identity ?? { pid: child.pid ?? 0, startMark: 'never started' }
  } finally {
    closeSync(log)
  }
}
