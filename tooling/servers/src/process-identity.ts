import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { waitUntil } from './wait-until.ts'

/**
 * One process, told apart from a later one that the system gave the same number:
 * a number alone would let a stale state file stop a stranger.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** The system's own start mark of the process; compared, never interpreted. */
  readonly startMark: string
}

/** The process that has this number now, or `undefined` when there is none or it is only waiting to be reaped. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startMark = process.platform === 'linux' ? linuxStartMark(pid) : psStartMark(pid)
  return startMark === undefined ? undefined : { pid, startMark }
}

/** Whether that very process still runs. */
export function isProcessAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startMark === identity.startMark
}

/** Sends `signal` to that very process; false when it no longer runs. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isProcessAlive(identity)) return false
  try {
    return process.kill(identity.pid, signal)
  } catch (error) {
    // It ended between the look and the signal.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

/** Waits for the end of that very process; false when it still runs after `deadlineMs`. */
export async function waitForProcessEnd(identity: ProcessIdentity, deadlineMs: number): Promise<boolean> {
  return (await waitUntil(() => !isProcessAlive(identity), { deadlineMs })) ?? false
}

/** Asks the process to end with `signal`, and ends it with SIGKILL when it has not after `graceMs`. */
export async function endProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  if (!signalProcess(identity, signal) || (await waitForProcessEnd(identity, graceMs))) return
  signalProcess(identity, 'SIGKILL')
  if (!(await waitForProcessEnd(identity, graceMs))) {
    throw new Error(`process ${identity.pid} does not end, not even by SIGKILL`)
  }
}

/** Field 22 of /proc/PID/stat: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function linuxStartMark(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // Field 2, the command's name, is in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}

function psStartMark(pid: number): string | undefined {
  try {
    const columns = ['-p', String(pid), '-o', 'stat=,lstart=']
    const line = execFileSync('ps', columns, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const [state = '', ...start] = line.trim().split(/\s+/)
    return state.startsWith('Z') || start.length === 0 ? undefined : start.join(' ')
  } catch {
    return undefined
  }
}
