import type { DriverHooks } from '@eventspine/conformance'
import type { Backend, OpenOptions } from '@eventspine/core'
import { couchbase } from '@eventspine/couchbase'
import { connect, type Collection } from 'couchbase'

/* How a child process opens a store on Couchbase: with a collection that tells of every operation. */

/** No call goes unanswered for ever, so only a busy machine is waited for. */
const patienceMs = 60_000

/** @param url - with the prefix in its query, as the adapter's own URLs have it. */
export async function openHooked(url: string, options: OpenOptions, hooks: DriverHooks): Promise<Backend> {
  const { host, username, password, pathname, searchParams } = new URL(url)
  const cluster = await connect(`couchbase://${host}`, {
    username,
    password,
    timeouts: { bootstrapTimeout: patienceMs, kvTimeout: patienceMs, kvDurableTimeout: patienceMs },
  })
  const collection = cluster.bucket(pathname.slice(1)).defaultCollection()
  const prefix = searchParams.get('prefix') ?? undefined
  return couchbase({ collection: hookedCollection(collection, hooks), prefix, ...options })
}

function hookedCollection(collection: Collection, hooks: DriverHooks): Collection {
  return new Proxy(collection, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...parameters: unknown[]): unknown => {
        hooks.beforeSend()
        const result: unknown = Reflect.apply(member, target, parameters)
        if (!(result instanceof Promise)) return result
        // A thread of the client sends it, soon after this turn.
        setImmediate(() => hooks.sent())
        const replied = (): void => hooks.replied()
        result.then(replied, replied)
        return result
      }
    },
  })
}
