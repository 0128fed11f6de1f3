import { specificationFailure } from './specification-failure.ts'

/**
 * What has a method `then` is a promise to `await`, which calls it with two functions. A specification that is
 * awaited before its `then` would otherwise hold, or never end.
 *
 * @returns whether this was such a call.
 */
export function rejectIfAwaited(args: readonly unknown[]): boolean {
  const [resolve, reject] = args
  if (typeof resolve !== 'function' || typeof reject !== 'function') return false
  reject(specificationFailure('a specification ends with then(…): this one expects nothing'))
  return true
}
