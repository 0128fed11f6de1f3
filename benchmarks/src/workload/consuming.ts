import { randomUUID } from 'node:crypto'
import type { Backend, Handler, SubscribeOptions } from '@eventspine/core'
import type { Pass } from './read-session.ts'
import type { Touch } from './reads.ts'

/** More than any pass takes: a pass that this cuts short finds too few events and fails its slice. */
const BUDGET_MS = 300_000

/** One pass of a new consumer group over the whole feed, to its end. */
export async function consumeOnce<Native>(
  { stream }: Pick<Backend<Native>, 'stream'>,
  touch: Touch,
  options: Partial<SubscribeOptions<Native>> & { readonly effect?: Handler<Native> } = {},
): Promise<Pass> {
  const { effect, ...subscribeOptions } = options
  let sum = 0
  const handlers: Handler<Native> =
    effect === undefined
      ? (event) => {
          sum += touch(event)
        }
      : (event, context) => {
          sum += touch(event)
          return effect(event, context)
        }
  const { handled } = await stream.runOnce({
    ...subscribeOptions,
    group: `bench-${randomUUID()}`,
    handlers,
    budgetMs: BUDGET_MS,
  })
  return { events: handled, sum }
}
