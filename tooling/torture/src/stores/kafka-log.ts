import { connect as connectSocket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import type { DriverHooks } from '@eventspine/conformance'
import type { Backend, DocumentStore, OpenOptions } from '@eventspine/core'
import { createTopic, kafka } from '@eventspine/kafka'
import { redis } from '@eventspine/redis'
import { Kafka, logLevel, type ISocketFactory } from 'kafkajs'
import { hookSocket } from './hooked-socket.ts'

/* How a child process opens a topic of Kafka: over sockets that tell of every request. */

/**
 * @param url - as the adapter's own URLs are, with `producer` and, as the URL of a Redis, `documents` in its query.
 */
export async function openHooked(
  url: string,
  { partitions }: OpenOptions,
  hooks: DriverHooks,
): Promise<Backend> {
  const [, hosts = '', topic = '', query = ''] = /^kafka:\/\/([^/]+)\/([^?]+)(.*)$/.exec(url) ?? []
  const parameters = new URLSearchParams(query)
  const documents = await openDocuments(parameters.get('documents'), partitions)
  const client = new Kafka({
    brokers: hosts.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3000,
    requestTimeout: 5000,
    retry: { initialRetryTime: 5, multiplier: 2, maxRetryTime: 200, retries: 30 },
    socketFactory: hookedSockets(hooks),
  })
  await createTopic(client, { topic, partitions })
  const producer = parameters.get('producer') === 'transactional' ? 'transactional' : 'idempotent'
  return kafka({ client, topic, documents, producer, deliveryTimeoutMs: 20_000 })
}

async function openDocuments(
  url: string | null,
  partitions: number | undefined,
): Promise<DocumentStore | undefined> {
  if (url === null) return undefined
  const { documents } = await redis.connect(url, { create: true, partitions })
  return documents
}

function hookedSockets(hooks: DriverHooks): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    const socket = ssl
      ? connectSecurely({ ...ssl, host, port }, onConnect)
      : connectSocket({ host, port }, onConnect)
    socket.setKeepAlive(true, 60_000)
    return hookSocket(socket, hooks)
  }
}
