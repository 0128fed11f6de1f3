import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { appendSession } from '../workload/append-session.ts'
import { ORDER_PLACED, orderData, orderMetadata } from '../workload/order-event.ts'
import type { OwnedStream, StoredStream } from '../workload/owned-streams.ts'
import { openSliceClient } from './slice-client.ts'

/** One way to append with `ioredis` alone. It checks no version and writes no feed. */
export type RawAppend = (
  client: Redis,
  stream: OwnedStream,
  firstNumber: number,
  count: number,
) => Promise<void>

export function rawCandidate(
  name: string,
  serverUrl: string,
  eventsPerAppend: number,
  append: RawAppend,
): Candidate {
  return {
    name,
    async open(concurrency) {
      const client = await openSliceClient(serverUrl)
      const appender = {
        append: (stream: OwnedStream, firstNumber: number, count: number) =>
          append(client, stream, firstNumber, count),
        stored: () => rawStreams(client),
        close: async () => client.disconnect(),
      }
      return localSession(appendSession(appender, concurrency, eventsPerAppend))
    },
  }
}

/** The bytes of an event in one field, as our own entries hold them. */
export function packedEvent(number: number): string {
  return `1 ${randomUUID()} ${ORDER_PLACED}\n${JSON.stringify(orderData(number))}\n${JSON.stringify(orderMetadata(number))}`
}

/** The fields of an event, an attribute each. */
export function eventFields(number: number): string[] {
  return [
    'id',
    randomUUID(),
    'type',
    ORDER_PLACED,
    'data',
    JSON.stringify(orderData(number)),
    'metadata',
    JSON.stringify(orderMetadata(number)),
  ]
}

/** XADD of one entry with one packed field. */
export const xadd: RawAppend = async (client, { id }, firstNumber) => {
  await client.xadd(id, '*', 'e', packedEvent(firstNumber))
}

/** WATCH-free optimism: the version is the entry's id, which Redis refuses to repeat. Still no feed. */
export const xaddAtVersion: RawAppend = async (client, { id, version }, firstNumber) => {
  await client.xadd(id, `${version + 1}-0`, 'e', packedEvent(firstNumber))
}

/** One entry an event, all in MULTI. */
export const multiXadd: RawAppend = async (client, { id }, firstNumber, count) => {
  const multi = client.multi()
  for (let index = 0; index < count; index++) multi.xadd(id, '*', 'e', packedEvent(firstNumber + index))
  const replies = await multi.exec()
  if (replies === null || replies.some(([error]) => error !== null)) throw new Error('MULTI failed')
}

/** One entry an event, sent together, not atomic. */
export const pipelinedXadd: RawAppend = async (client, { id }, firstNumber, count) => {
  const pipeline = client.pipeline()
  for (let index = 0; index < count; index++) pipeline.xadd(id, '*', 'e', packedEvent(firstNumber + index))
  const replies = await pipeline.exec()
  if (replies === null || replies.some(([error]) => error !== null)) throw new Error('a pipeline failed')
}

async function rawStreams(client: Redis): Promise<readonly StoredStream[]> {
  const keys = await client.keys('cart:*')
  return Promise.all(
    keys.map(async (id) => {
      const events = await client.xlen(id)
      return { id, events, lastVersion: events }
    }),
  )
}
