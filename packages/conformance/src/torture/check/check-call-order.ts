import type { Invoked } from '../history.ts'
import type { Place } from './check-store.ts'
import type { Violations } from './violation.ts'

/**
 * Checks that a publisher's calls for one stream stand in the order in which it made them, though it did not wait for
 * one before the next. What is missing in between was refused or unknown.
 */
export function checkCallOrder(
  calls: readonly Invoked[],
  places: ReadonlyMap<string, Place>,
  violations: Violations,
): void {
  const last = new Map<string, { readonly version: number; readonly operation: string }>()
  for (const { operation, streams } of calls) {
    // The names of one publisher's calls differ in the number at their end.
    const publisher = operation.slice(0, operation.lastIndexOf('.'))
    for (const { streamId, ids } of streams) {
      for (const id of ids) {
        const place = places.get(id)
        if (place === undefined) continue
        const before = last.get(`${publisher} ${streamId}`)
        if (before !== undefined && place.version <= before.version) {
          violations.add(
            'reordered',
            `${operation}: event ${id} stands at ${place.version} of ${streamId}, behind it ${before.operation}, which was called first`,
          )
        }
        last.set(`${publisher} ${streamId}`, { version: place.version, operation })
      }
    }
  }
}
