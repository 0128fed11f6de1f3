/** The error of {@link within}. */
export class TimeRanOut extends Error {
  override readonly name = 'TimeRanOut'
}

/** What `work` gives when it is done in time. It goes on otherwise: nothing can call it back. */
export async function within<Result>(work: Promise<Result>, timeoutMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new TimeRanOut(`not done within ${timeoutMs} ms`)),
      Math.max(0, timeoutMs),
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
