import { startKafka } from '@eventspine/servers'
import type { OpenTarget } from '../target.ts'
import { consuming } from './consume-scenario.ts'
import { publishLatency } from './latency-scenario.ts'
import { batchPublishes, singlePublishes } from './publish-scenarios.ts'

/** One Kafka of this run alone, and what is measured on it. */
export async function openKafkaTarget(): Promise<OpenTarget> {
  const server = await startKafka()
  try {
    const { url, pid, version } = server
    return {
      serverPid: pid,
      environment: { kafka: version, nodes: 1, kafkajs: '2.2.4' },
      scenarios: [singlePublishes(url), batchPublishes(url), consuming(url), publishLatency(url)],
      [Symbol.asyncDispose]: () => server.stop(),
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}
