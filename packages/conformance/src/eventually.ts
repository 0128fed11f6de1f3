import { patienceMs } from './case-scope.ts'

/**
 * Waits until `condition` returns something other than `undefined` and `false`, and returns that.
 *
 * @throws when `timeoutMs` (default: the case's patience) have passed; `what` says what was waited for.
 */
export async function eventually<Result>(
  what: string,
  condition: () => Result | undefined | false | Promise<Result | undefined | false>,
  timeoutMs = patienceMs(),
): Promise<Result> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const result = await condition()
    if (result !== undefined && result !== false) return result
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
