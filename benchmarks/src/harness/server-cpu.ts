import { readdirSync, readFileSync } from 'node:fs'

// USER_HZ, in which the kernel counts for user space whatever its own tick is: 100 on all common platforms.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
const TICK_US = 10_000

interface ProcessTimes {
  readonly pid: number
  readonly parent: number
  readonly ownTicks: number
  /** Of children that have ended and were waited for. */
  readonly endedChildrenTicks: number
}

/**
 * CPU time in microseconds that a process and its children have used so far, ended children included, to 10 ms;
 * `undefined` where the system has no /proc or the process is not there.
 */
export function processTreeCpuUs(pid: number): number | undefined {
  const main = readTimes(pid)
  if (main === undefined) return undefined
  let ticks = main.ownTicks + main.endedChildrenTicks
  for (const entry of readdirSync('/proc')) {
    const times = /^\d+$/.test(entry) ? readTimes(Number(entry)) : undefined
    if (times?.parent === pid) ticks += times.ownTicks
  }
  return ticks * TICK_US
}

/** Parses the text of /proc/PID/stat. The name in it may hold spaces and parentheses, so what follows it is split. */
export function parseProcessTimes(text: string): ProcessTimes {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // Numbered from 3 in the manual: 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime.
  const field = (number: number): number => Number(fields[number - 3])
  return {
    pid: Number.parseInt(text, 10),
    parent: field(4),
    ownTicks: field(14) + field(15),
    endedChildrenTicks: field(16) + field(17),
  }
}

function readTimes(pid: number): ProcessTimes | undefined {
  try {
    return parseProcessTimes(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch (error) {
    // It ended since it was listed, or this system has no /proc.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined
    throw error
  }
}
