import type { Redis } from 'ioredis'
import type { OrderData } from '../workload/order-event.ts'
import type { Pass } from '../workload/read-session.ts'

/** A stream with a field an attribute, in pages by the id of the last entry, data parsed. */
export function readAttributes(client: Redis, key: string, pageSize: number): Promise<Pass> {
  return readEntries(client, key, pageSize, (fields) => {
    const event: Record<string, string> = {}
    for (let index = 0; index < fields.length; index += 2)
      event[fields[index] ?? ''] = fields[index + 1] ?? ''
    return event['data'] ?? ''
  })
}

/** A stream with one packed field: the data are its second line. */
export function readPacked(client: Redis, key: string, pageSize: number): Promise<Pass> {
  return readEntries(client, key, pageSize, (fields) => {
    const packed = fields[1] ?? ''
    const start = packed.indexOf('\n') + 1
    return packed.slice(start, packed.indexOf('\n', start))
  })
}

async function readEntries(
  client: Redis,
  key: string,
  pageSize: number,
  dataOf: (fields: readonly string[]) => string,
): Promise<Pass> {
  let from = '-'
  let events = 0
  let sum = 0
  for (;;) {
    const entries = await client.xrange(key, from, '+', 'COUNT', pageSize)
    for (const [, fields] of entries) sum += (JSON.parse(dataOf(fields)) as OrderData).totalCents
    events += entries.length
    const last = entries.at(-1)?.[0]
    if (last === undefined || entries.length < pageSize) return { events, sum }
    from = `(${last}`
  }
}
