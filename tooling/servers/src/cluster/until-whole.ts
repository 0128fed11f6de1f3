import { waitUntil } from '../wait-until.ts'

/** Waits until `check` no longer throws; what it threw last is the reason when it never did. */
export async function untilWhole(
  what: string,
  deadlineMs: number,
  check: () => Promise<void>,
): Promise<void> {
  let lastError: unknown = new Error('it was never asked')
  const whole = await waitUntil(
    () =>
      check().then(
        () => true,
        (error: unknown) => {
          lastError = error
          return false
        },
      ),
    { deadlineMs, intervalMs: 100 },
  )
  if (whole !== true) {
    const reason = lastError instanceof Error ? lastError.message : String(lastError)
    throw new Error(`${what} is not whole after ${deadlineMs} ms: ${reason}`, { cause: lastError })
  }
}
