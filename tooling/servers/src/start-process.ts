import { readFile, stat } from 'node:fs/promises'
import { launchProcess, type Launch } from './launch-process.ts'
import { endProcess, isProcessAlive, type ProcessIdentity } from './process-identity.ts'
import { waitUntil } from './wait-until.ts'

/** How a started program is asked whether it works. */
export interface Readiness {
  readonly deadlineMs: number
  /** How long one answer may take. */
  readonly attemptMs: number
  /** Something that only a working server answers, with its version. */
  readonly ask: (attemptMs: number) => Promise<string>
}

/** A program that answers, or what it wrote before it was given up. */
export type StartAttempt =
  | { readonly ready: true; readonly version: string; readonly process: ProcessIdentity }
  /** None of its processes is left. */
  | { readonly ready: false; readonly log: string }

const stopGraceMs = 10_000

/**
 * Starts the program and waits until it answers.
 *
 * @param giveUpSignal - What ends a program at once that did not answer in time.
 */
export async function startProcess(
  launch: Launch,
  { deadlineMs, attemptMs, ask }: Readiness,
  giveUpSignal: NodeJS.Signals,
): Promise<StartAttempt> {
  const logStart = await sizeOf(launch.logPath)
  const identity = launchProcess(launch)
  let lastError = ''
  const version = await waitUntil(
    async () => {
      if (!isProcessAlive(identity)) return ''
      return await ask(attemptMs).catch((error: Error) => {
        lastError = error.message
        return undefined
      })
    },
    { deadlineMs },
  )
  if (version !== undefined && version !== '') return { ready: true, version, process: identity }
  await endProcess(identity, giveUpSignal, stopGraceMs)
  const log = (await readFile(launch.logPath, 'utf8')).slice(logStart).trim()
  return { ready: false, log: log || lastError }
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}
