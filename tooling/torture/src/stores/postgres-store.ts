import type { DriverHooks } from '@eventspine/conformance'
import type { Backend, OpenOptions } from '@eventspine/core'
import { postgres } from '@eventspine/postgres'
import { Client, Pool } from 'pg'

/* How a child process opens a store on PostgreSQL: with a client of `pg` that tells of every query. */

/** @param url - with the schema in its query, as the adapter's own URLs have it. */
export async function openHooked(url: string, options: OpenOptions, hooks: DriverHooks): Promise<Backend> {
  const address = new URL(url)
  const schema = address.searchParams.get('schema') ?? undefined
  address.searchParams.delete('schema')
  const pool = new Pool({ connectionString: address.href, max: 8, Client: hookedClient(hooks) })
  // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined)
  return postgres({ pool, schema, ...options })
}

function hookedClient(hooks: DriverHooks): typeof Client {
  class HookedClient extends Client {
    // Every overload of the original is passed on as it came; the adapter uses the ones that return promises.
    override query = ((...parameters: Parameters<Client['query']>): unknown => {
      hooks.beforeSend()
      const result: unknown = super.query(...parameters)
      hooks.sent()
      if (result instanceof Promise) {
        const replied = (): void => hooks.replied()
        result.then(replied, replied)
      }
      return result
    }) as Client['query']
  }
  return HookedClient
}
