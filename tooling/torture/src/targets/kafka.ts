import { startKafka, startKafkaCluster, startRedis } from '@eventspine/servers'
import { crash } from './crash.ts'
import type { ServerSettings, Target } from '../target.ts'

const module = new URL('../stores/kafka-log.ts', import.meta.url).href

const traits = {
  sharedTransaction: false,
  processes: 3,
  // Brokers of a test take no group session below a second.
  leaseMs: 2000,
  mostCalls: 60,
}

export async function openKafka(
  settings: ServerSettings,
  checkpoints: 'with documents' | 'without documents',
): Promise<Target> {
  const documents = checkpoints === 'with documents'
  const [broker, redis] = await Promise.all([
    startKafka({ settings }),
    documents ? startRedis({ settings: { appendfsync: 'always' } }) : undefined,
  ])
  let topics = 0
  return {
    ...traits,
    documents,
    newStore: async () => {
      const name = `torture-${++topics}`
      const url = new URL(`${broker.url}/${name}`)
      url.searchParams.set('producer', producerOf(topics))
      if (redis !== undefined) url.searchParams.set('documents', `${redis.url}?prefix=${name}`)
      return { module, url: url.href }
    },
    crashServer: () => crash(broker),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([broker.stop(), redis?.stop()])
    },
  }
}

/** Three brokers, three replicas of everything, two of which must have a record: one at a time may die. */
export async function openKafkaCluster(settings: ServerSettings): Promise<Target> {
  const cluster = await startKafkaCluster({ settings })
  let topics = 0
  return {
    ...traits,
    documents: false,
    newStore: async () => {
      const name = `torture-${++topics}`
      return { module, url: `${cluster.url}/${name}?producer=${producerOf(topics)}` }
    },
    crashServer: async (random) => {
      await crash(random.pick(cluster.nodes))
      await cluster.ready()
    },
    [Symbol.asyncDispose]: () => cluster.stop(),
  }
}

function producerOf(topic: number): 'idempotent' | 'transactional' {
  return topic % 2 === 1 ? 'idempotent' : 'transactional'
}
