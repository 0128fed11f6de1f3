import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Who holds a lock: a process number alone may be given to another process later. */
export interface ProcessIdentity {
  readonly pid: number
  /** When the process started, in the system's own measure; empty where it cannot be told. */
  readonly startedAt: string
  /** Within what the process number means something: host, boot and namespace of process numbers. */
  readonly scope: string
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startedAt: processStart(process.pid) ?? '', scope: ownScope() }
}

/** Whether the process lives; `undefined` when it is of another scope, which cannot be seen from here. */
export function isAlive({ pid, startedAt, scope }: ProcessIdentity): boolean | undefined {
  if (scope !== ownScope()) return undefined
  if (!isRunning(pid)) return false
  const start = processStart(pid)
  // Without a start time a number that is in use again counts as the old process: then a lock is kept too long, never
  // given away too soon.
  return start === undefined || startedAt === '' || start === startedAt
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** In ticks since boot, where the system has /proc; empty for a zombie, which has no process any more. */
function processStart(pid: number): string | undefined {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  if (stat === undefined) return undefined
  // The second field is the command in parentheses and may hold spaces and parentheses of its own.
  // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? 'zombie' : fields[19]
}

function ownScope(): string {
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()) ?? ''
  const namespace = read(() => readlinkSync('/proc/self/ns/pid')) ?? ''
  return `${hostname()} ${boot} ${namespace}`.trimEnd()
}

function read(look: () => string): string | undefined {
  try {
    return look()
  } catch {
    // Not every system has /proc: the callers do without.
    return undefined
  }
}
