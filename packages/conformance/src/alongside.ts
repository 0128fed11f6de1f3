/**
 * Runs `work` and, beside it, `watch` until `work` has ended. Fails with the first failure of the two, but
 * only once both have ended: nothing goes on, or fails unheard, behind a case's back.
 */
export async function alongside<Result>(
  watch: (ended: () => boolean) => Promise<unknown>,
  work: () => Promise<Result>,
): Promise<Result> {
  let ended = false
  const [watched, worked] = await Promise.allSettled([
    watch(() => ended),
    work().finally(() => {
      ended = true
    }),
  ])
  if (watched.status === 'rejected') throw watched.reason
  if (worked.status === 'rejected') throw worked.reason
  return worked.value
}
