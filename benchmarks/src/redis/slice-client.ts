import { Redis } from 'ioredis'

/** The one connection of a slice, as ioredis makes it: no auto-pipelining. The server is emptied first. */
export async function openSliceClient(url: string): Promise<Redis> {
  const client = new Redis(url)
  await client.flushall()
  return client
}
