import type { DriverHooks } from '@eventspine/conformance'
import type { Backend, OpenOptions } from '@eventspine/core'
import { redis, redisStream } from '@eventspine/redis'
import { Cluster, type Command, Redis } from 'ioredis'

/* How a child process opens a store or a stream on Redis: with a client of `ioredis` that tells of every command. */

const clusterScheme = 'redis-cluster://'
// As clients of the adapter's own have it: nothing is sent again, so that what is lost is known as lost.
const connection = { maxRetriesPerRequest: 0 }

/** @param url - with the prefix or the topic in its query, as the adapter's own URLs have it. */
export async function openHooked(url: string, options: OpenOptions, hooks: DriverHooks): Promise<Backend> {
  const [address = '', query = ''] = url.split('?')
  const parameters = new URLSearchParams(query)
  const prefix = parameters.get('prefix') ?? undefined
  const topic = parameters.get('topic')
  const client = address.startsWith(clusterScheme)
    ? new (hookedCluster(hooks))(
        address
          .slice(clusterScheme.length)
          .split(',')
          .map((node) => `redis://${node}`),
        { retryDelayOnFailover: 0, redisOptions: connection },
      )
    : new (hookedRedis(hooks))(address, connection)
  // A connection that breaks is made anew; without a listener it would be written to the console.
  client.on('error', () => undefined)
  return topic === null ? redis({ client, prefix, ...options }) : redisStream({ client, topic, ...options })
}

function hookedRedis(hooks: DriverHooks) {
  return class HookedRedis extends Redis {
    override sendCommand(...parameters: Parameters<Redis['sendCommand']>): unknown {
      return tellOf(hooks, parameters[0], () => super.sendCommand(...parameters))
    }
  }
}

function hookedCluster(hooks: DriverHooks) {
  return class HookedCluster extends Cluster {
    override sendCommand(...parameters: Parameters<Cluster['sendCommand']>): unknown {
      return tellOf(hooks, parameters[0], () => super.sendCommand(...parameters))
    }
  }
}

function tellOf(hooks: DriverHooks, command: Command, send: () => unknown): unknown {
  hooks.beforeSend()
  const result = send()
  // The adapter lets the commands of one turn leave together at its end.
  process.nextTick(() => hooks.sent())
  const replied = (): void => hooks.replied()
  command.promise.then(replied, replied)
  return result
}
