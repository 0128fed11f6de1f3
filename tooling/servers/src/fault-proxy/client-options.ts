import { connect, type Socket } from 'node:net'
import type { NatMap } from 'ioredis'
import type { ISocketFactory } from 'kafkajs'
import type { FaultProxy } from './fault-proxy.ts'

/**
 * The `socketFactory` of a kafkajs client whose connections go through these proxies, one for each broker: a broker
 * tells its own address to whoever connects by that of the proxy, so the client dials the proxy in its place. It
 * works with any broker as it is, for one client and not for others. Brokers without a proxy are dialled directly.
 *
 * A client that takes nothing but a URL needs a broker that tells the address of the proxy: see
 * `startKafkaBehindProxy`.
 */
export function kafkaSocketFactory(proxies: readonly FaultProxy[]): ISocketFactory {
  return ({ host, port, onConnect }): Socket => {
    const proxy = proxies.find(({ targetPort }) => targetPort === port)
    return connect(proxy === undefined ? { host, port } : { host: '127.0.0.1', port: proxy.port }, onConnect)
  }
}

/**
 * The `natMap` of an ioredis `Cluster` whose connections go through these proxies, one for each node: nodes name each
 * other's own addresses. The start-up nodes may be either.
 */
export function redisNatMap(proxies: readonly FaultProxy[]): NatMap {
  return Object.fromEntries(
    proxies.map(({ targetPort, port }) => [`127.0.0.1:${targetPort}`, { host: '127.0.0.1', port }]),
  )
}
