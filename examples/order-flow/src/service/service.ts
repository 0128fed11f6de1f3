import { once } from 'node:events'
import { EventStoreError } from '@eventspine/core'
import type { ServiceReport } from './report.ts'

/** What a service is given. */
export interface ServiceContext {
  readonly environment: NodeJS.ProcessEnv
  readonly report: (report: ServiceReport) => void
}

/** A service at work. */
export interface RunningService extends AsyncDisposable {
  /** Rejects when the service had to end by itself. */
  readonly completed?: Promise<void> | undefined
}

/**
 * Runs a service as a process: until whoever started it lets go or is gone, or SIGTERM comes; by hand, until
 * Ctrl-C. A kill needs no consent: nothing that a service must not lose is kept in its memory.
 */
export async function runService(start: (context: ServiceContext) => Promise<RunningService>): Promise<void> {
  const stopped = stopAsked()
  try {
    await using service = await start({ environment: process.env, report })
    report({ kind: 'ready' })
    await Promise.race([stopped, service.completed ?? stopped])
  } catch (error) {
    console.error(EventStoreError.is(error) ? `${error.message} (${error.code})` : error)
    if (error instanceof Error && error.cause !== undefined) console.error('because of', error.cause)
    process.exitCode = 1
  } finally {
    // The channel would keep the process alive.
    if (process.connected) process.disconnect()
  }
}

/** The environment variable, which must be there. */
export function required(environment: NodeJS.ProcessEnv, name: string): string {
  const value = environment[name]
  if (value === undefined || value === '') throw new TypeError(`${name} is not set`)
  return value
}

async function stopAsked(): Promise<void> {
  const reasons = [once(process, 'SIGTERM')]
  if (process.connected) {
    // A terminal sends Ctrl-C to all processes: the one that started this one decides what it means.
    process.on('SIGINT', () => undefined)
    reasons.push(once(process, 'disconnect'))
  } else {
    reasons.push(once(process, 'SIGINT'))
  }
  await Promise.race(reasons)
}

function report(message: ServiceReport): void {
  if (process.connected) {
    // Whoever started this process may be gone by now, which `disconnect` tells.
    process.send?.(message, undefined, undefined, () => undefined)
  } else if (message.kind !== 'dashboard') {
    console.log(message.kind === 'ready' ? 'ready' : message.text)
  }
}
