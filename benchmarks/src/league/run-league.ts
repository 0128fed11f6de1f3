import { createDatabase } from '@eventspine/servers'
import { setTimeout as delay } from 'node:timers/promises'
import { startChild } from './child.ts'
import type { ContenderPlace } from './contender.ts'
import type { TrialProcessPlan } from './trial-process.ts'
import { fail, type Trial, type Verdict } from './trial.ts'

/** More than any trial takes that ends at all. */
const DEADLINE_MS = 300_000

/**
 * Runs one trial of one contender. A peer that fails is asked once more, and has passed when it then does: what a busy
 * machine did to it must not be said of it.
 */
export async function runTrial(
  serverUrl: string,
  place: ContenderPlace,
  trial: Trial,
  seed: number,
): Promise<Verdict> {
  const first = await runOnce(serverUrl, place, trial, seed)
  if (first.outcome !== 'fail' || place.folder === undefined) return first
  const second = await runOnce(serverUrl, place, trial, seed)
  if (second.outcome === 'fail') return second
  return { ...second, evidence: `${second.evidence}; at a first try: ${first.evidence}` }
}

/** In a database and a process of its own. */
async function runOnce(
  serverUrl: string,
  place: ContenderPlace,
  trial: Trial,
  seed: number,
): Promise<Verdict> {
  await using database = await createDatabase(serverUrl)
  const plan: TrialProcessPlan = { place, trial: trial.id, url: database.url, seed }
  const child = startChild(new URL('trial-process.ts', import.meta.url), plan)
  const deadline = new AbortController()
  const late = delay(DEADLINE_MS, undefined, { signal: deadline.signal }).catch(() => undefined)
  try {
    return verdictOf(await Promise.race([child.answer, late]))
  } finally {
    deadline.abort()
    child.kill()
    await child.ended
  }
}

function verdictOf(answer: unknown): Verdict {
  if (typeof answer !== 'object' || answer === null)
    return fail(`it gave no verdict within ${DEADLINE_MS / 1000} s`)
  if ('died' in answer) return fail(`its process died: ${String(answer.died)}`)
  // What else the process of a trial sends is its verdict.
  return answer as Verdict
}
