import { Agent, type ClientRequestArgs } from 'node:http'
import type { Duplex } from 'node:stream'
import { Socket } from 'node:net'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { DriverHooks } from '@eventspine/conformance'
import type { Backend, OpenOptions } from '@eventspine/core'
import { dynamodb } from '@eventspine/dynamodb'
import { hookSocket } from './hooked-socket.ts'

/* How a child process opens a store on DynamoDB Local: over sockets that tell of every request. */

/** No call goes unanswered for ever, so only a busy machine is waited for. */
const patienceMs = 30_000

/** @param url - with the table in its path and the prefix in its query, as the adapter's own URLs have it. */
export async function openHooked(url: string, options: OpenOptions, hooks: DriverHooks): Promise<Backend> {
  const { host, username, password, pathname, searchParams } = new URL(url)
  const client = new DynamoDBClient({
    endpoint: `http://${host}`,
    region: searchParams.get('region') ?? 'local',
    credentials: { accessKeyId: username, secretAccessKey: password },
    requestHandler: {
      httpAgent: hookedAgent(hooks),
      connectionTimeout: patienceMs,
      requestTimeout: patienceMs,
      throwOnRequestTimeout: true,
    },
  })
  const prefix = searchParams.get('prefix') ?? undefined
  return dynamodb({ client, table: pathname.slice(1), prefix, ...options })
}

function hookedAgent(hooks: DriverHooks): Agent {
  class HookedAgent extends Agent {
    override createConnection(
      options: ClientRequestArgs,
      callback?: (error: Error | null, stream: Duplex) => void,
    ): Duplex | null | undefined {
      const stream = super.createConnection(options, callback)
      return stream instanceof Socket ? hookSocket(stream, hooks) : stream
    }
  }
  return new HookedAgent({ keepAlive: true, maxSockets: 50 })
}
