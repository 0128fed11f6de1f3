import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ORDER_PLACED, type OrderData, orderData, orderMetadata } from '../../workload/order-event.ts'
import type { OwnedStream } from '../../workload/owned-streams.ts'
import { type OpenDriver, openPeerPool, type PeerPool, storedBy } from '../driver.ts'
import { peerModules } from '../install-peer.ts'

/** In the order in which its own installer runs them; without the extension, whose function PostgreSQL now has itself. */
const STEPS = ['schema', 'tables', 'types', 'functions', 'indexes', 'views']

/** The functions of message-db by prepared statements: a message a call, several in a transaction. */
export const openMessageDb: OpenDriver = async ({ folder, url, poolSize }) => {
  const installing = await openPeerPool(await peerModules(folder), url, 1)
  const { rows } = await installing.query(`select to_regclass('message_store.messages')::text as found`)
  if (rows[0]?.['found'] === null) await install(installing, folder)
  await installing.end()
  // The functions name each other without their schema.
  const searching = new URL(url)
  searching.searchParams.set('options', '-c search_path=message_store,public')
  const pool = await openPeerPool(await peerModules(folder), searching.href, poolSize)
  return {
    async append(stream, firstNumber, count) {
      if (count === 1) return write(pool, stream, 0, firstNumber)
      const client = await pool.connect()
      try {
        await client.query('begin')
        for (let index = 0; index < count; index++) await write(client, stream, index, firstNumber + index)
        await client.query('commit')
      } finally {
        client.release()
      }
    },
    stored: () =>
      storedBy(
        pool,
        `select replace(stream_name, 'cart-', 'cart:') as id, count(*)::text as events, (max(position) + 1)::text as last
         from messages group by stream_name`,
      ),
    async readStream(id) {
      const text = 'select position, type, data, metadata from get_stream_messages($1, $2, $3)'
      const { rows: messages } = await pool.query({ name: 'get', text, values: [nameOf(id), 0, -1] })
      let sum = 0
      for (const { data = '' } of messages) sum += (JSON.parse(data) as OrderData).totalCents
      return { events: messages.length, sum }
    },
    close: () => pool.end(),
  }
}

async function install(pool: PeerPool, folder: string): Promise<void> {
  const base = join(folder, 'node_modules', '@eventide', 'message-db', 'database')
  await pool.query('set search_path to message_store, public; set check_function_bodies to off')
  for (const step of STEPS) {
    const files = await readdir(join(base, step))
    for (const file of files.sort()) await pool.query(await readFile(join(base, step, file), 'utf8'))
  }
}

async function write(
  client: PeerPool,
  { id, version }: OwnedStream,
  index: number,
  number: number,
): Promise<void> {
  await client.query({
    name: 'write',
    text: 'select write_message($1, $2, $3, $4, $5, $6)',
    values: [
      randomUUID(),
      nameOf(id),
      ORDER_PLACED,
      JSON.stringify(orderData(number)),
      JSON.stringify(orderMetadata(number)),
      // Its versions begin at 0.
      version + index - 1,
    ],
  })
}

/** It takes what stands before the first hyphen for the category. */
function nameOf(streamId: string): string {
  return streamId.replace(':', '-')
}
