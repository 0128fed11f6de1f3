import { setTimeout as delay } from 'node:timers/promises'

/** How long, and how often, a condition is looked at. */
export interface WaitOptions {
  readonly deadlineMs: number
  /** @defaultValue 25 */
  readonly intervalMs?: number
}

/**
 * Looks at `condition` until it gives something other than `undefined` or `false`.
 *
 * @returns that value, or `undefined` once `deadlineMs` have passed. A condition that throws ends the wait.
 */
export async function waitUntil<Value>(
  condition: () => Promise<Value | undefined | false> | Value | undefined | false,
  { deadlineMs, intervalMs = 25 }: WaitOptions,
): Promise<Value | undefined> {
  const endsAt = performance.now() + deadlineMs
  for (;;) {
    const value = await condition()
    if (value !== undefined && value !== false) return value
    if (performance.now() >= endsAt) return undefined
    await delay(intervalMs)
  }
}
