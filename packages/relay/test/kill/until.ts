import { waitUntil } from '@eventspine/servers'

/** @throws when it has not come true within a minute. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  if ((await waitUntil(condition, { deadlineMs: 60_000, intervalMs: 10 })) === undefined)
    throw new Error(`waited in vain: ${what}`)
}
