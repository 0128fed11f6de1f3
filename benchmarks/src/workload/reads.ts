import type { RecordedEvent } from '@eventspine/core'
import type { OrderData } from './order-event.ts'

/** What a reader does with each event. Returns a number above 0, so that no compiler finds it useless. */
export type Touch = (event: RecordedEvent) => number

/** Looks at the envelope alone, as who skips or forwards events does. */
export const touchType: Touch = (event) => event.type.length + event.streamPosition

/** Reads into the data. */
export const touchData: Touch = (event) => (event.data as OrderData).totalCents

/** Reads into data and metadata. */
export const touchAll: Touch = (event) =>
  (event.data as OrderData).totalCents + (event.metadata['ts'] as number)

/** Adds up what `touch` makes of all pages, and counts the events. */
export async function readPages(
  pages: AsyncIterable<readonly RecordedEvent[]>,
  touch: Touch,
): Promise<{ readonly events: number; readonly sum: number }> {
  let events = 0
  let sum = 0
  for await (const page of pages) {
    for (const event of page) sum += touch(event)
    events += page.length
  }
  return { events, sum }
}
