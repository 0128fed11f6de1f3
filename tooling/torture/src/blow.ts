import type { CrashPoint, FleetMember, Random } from '@eventspine/conformance'

/** What one round does to the processes or to the server, while they work. */
export type Blow = CrashPoint | 'random' | 'server' | 'paused'

/** What each blow is, for the summary. */
export const blowTitles: Readonly<Record<Blow, string>> = {
  'before-send': 'a process ends before it sends a call',
  sent: 'a process ends after it has sent a call, before the reply',
  replied: 'a process ends after the reply, before anybody is told',
  random: 'a process is killed at a random moment',
  server: 'the server, or a node of it, is killed at a random moment',
  paused: 'a process is paused past its leases',
}

export interface BlowTerms {
  readonly victim: FleetMember
  readonly random: Random
  /** Driver calls within which a crash point lies. */
  readonly mostCalls: number
  readonly leaseMs: number
  readonly crashServer: (() => Promise<void>) | undefined
}

/** How long a process may take to reach its crash point under load before it is killed without. */
const REACH_MS = 60_000

/**
 * Deals the blow. Resolves when it has happened.
 *
 * @returns whether it happened where it was meant to: a process that never came to its crash point was killed anyway.
 */
export async function deal(blow: Blow, terms: BlowTerms): Promise<boolean> {
  const { victim, random } = terms
  switch (blow) {
    case 'before-send':
    case 'sent':
    case 'replied':
      return crashAt(blow, terms)
    case 'random':
      await pause(random.integer(30, 600))
      await victim.child.kill()
      return true
    case 'server':
      await pause(random.integer(30, 600))
      await terms.crashServer?.()
      await pause(150)
      return true
    case 'paused':
      await pause(random.integer(30, 200))
      victim.child.pause()
      await pause(terms.leaseMs * 1.5)
      victim.child.resume()
      await pause(100)
      return true
  }
}

async function crashAt(point: CrashPoint, { victim, random, mostCalls }: BlowTerms): Promise<boolean> {
  const call = random.integer(1, mostCalls)
  // The process may end before it can say that the order has arrived.
  const armed = victim.child.call('armCrash', { point, call }).catch(() => undefined)
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), REACH_MS)
  })
  const reached = await Promise.race([victim.child.exited().then(() => true), timeout])
  clearTimeout(timer)
  await victim.child.kill()
  await armed
  return reached
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
