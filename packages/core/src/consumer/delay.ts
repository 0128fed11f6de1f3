/** Resolves after `ms`, or at once when `signal` aborts: the caller looks at the signal anyway. */
export function abortableDelay(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

/** Doubles from `initialMs` up to `maxMs`, jittered by half so that rivals do not march in step. */
export function backoffMs(attempt: number, initialMs: number, maxMs: number): number {
  const full = Math.min(maxMs, initialMs * 2 ** Math.min(attempt - 1, 30))
  return full / 2 + (Math.random() * full) / 2
}

/** What `work` resolves with, or a rejection as soon as `signal` aborts: nobody waits for `work` any more then. */
export async function unlessAborted<Result>(
  signal: AbortSignal,
  work: Result | Promise<Result>,
): Promise<Result> {
  let abort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
