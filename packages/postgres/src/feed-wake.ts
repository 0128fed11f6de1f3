import type { FeedWake } from '@eventspine/core'

/*
 * `NOTIFY` is left out on purpose: within the append it takes a lock that all notifying commits of the server share, and
 * to listen takes a session, which PgBouncer in transaction mode does not give and which a small pool cannot spare.
 */

const feedWakes = new WeakMap<object, Map<string, Set<FeedWake>>>()

/** Those of all stores in `schema` over the same pool or database: a commit of one wakes the readers of all. */
export function feedWakesOf(source: object, schema: string): Set<FeedWake> {
  const bySchema = feedWakes.get(source) ?? new Map<string, Set<FeedWake>>()
  feedWakes.set(source, bySchema)
  const wakes = bySchema.get(schema) ?? new Set<FeedWake>()
  bySchema.set(schema, wakes)
  return wakes
}
