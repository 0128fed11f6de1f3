/** Milliseconds drawn at random up to `limitMs`, so that two who met do not meet again. */
export function pause(limitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * limitMs))
}

const FIRST_MS = 10
const LONGEST_MS = 1000

/** The longest pause before an attempt, by how many were made. */
export function backoffMs(attempts: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** attempts)
}
