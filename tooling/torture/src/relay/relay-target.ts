import type { Random } from '@eventspine/conformance'
import type { Backend } from '@eventspine/core'
import { kafka } from '@eventspine/kafka'
import { redisStream } from '@eventspine/redis'
import { startKafka, startKafkaCluster, startRedis } from '@eventspine/servers'
import { crash } from '../targets/crash.ts'
import type { BackendAccess } from './life.ts'

/** Where relays write. */
export interface RelayServers extends AsyncDisposable {
  /** A stream of its own, with the way in which other processes open it. */
  newTarget(): Promise<{ readonly target: Backend; readonly access: BackendAccess }>
  crash(random: Random): Promise<void>
}

const PARTITIONS = 4

const open = {
  'relay-kafka': openKafka,
  'relay-redis': openRedis,
  'relay-kafka-cluster': openKafkaCluster,
} satisfies Record<string, () => Promise<RelayServers>>

export type RelayTargetName = keyof typeof open

// The keys of a literal that is never changed.
export const relayTargetNames = Object.keys(open) as readonly RelayTargetName[]

export function openRelayServers(name: RelayTargetName): Promise<RelayServers> {
  return open[name]()
}

async function openKafka(): Promise<RelayServers> {
  const server = await startKafka()
  return {
    newTarget: topicsOf(server.url),
    crash: () => crash(server),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

async function openKafkaCluster(): Promise<RelayServers> {
  const cluster = await startKafkaCluster()
  return {
    newTarget: topicsOf(cluster.url),
    crash: async (random) => {
      await crash(random.pick(cluster.nodes))
      await cluster.ready()
    },
    [Symbol.asyncDispose]: () => cluster.stop(),
  }
}

function topicsOf(brokers: string): RelayServers['newTarget'] {
  let topics = 0
  return async () => {
    const url = `${brokers}/relayed-${++topics}`
    const target = await kafka.connect(url, { create: true, partitions: PARTITIONS })
    return { target, access: { module: import.meta.resolve('@eventspine/kafka'), url } }
  }
}

async function openRedis(): Promise<RelayServers> {
  // Whatever was acknowledged is on disk.
  const server = await startRedis({ settings: { appendfsync: 'always' } })
  let topics = 0
  return {
    newTarget: async () => {
      const url = `${server.url}?topic=relayed-${++topics}`
      const target = await redisStream.connect(url, { create: true, partitions: PARTITIONS })
      return { target, access: { module: import.meta.resolve('@eventspine/redis'), url } }
    },
    crash: () => crash(server),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}
