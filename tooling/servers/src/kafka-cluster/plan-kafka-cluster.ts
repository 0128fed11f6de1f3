import type { NodePlan, NodePorts } from '../cluster/node-plan.ts'

/** The least that goes on after the loss of one. */
export const kafkaNodes = 3

const clusterSettings = {
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  // Twice as quick as the defaults: half of all killed nodes are the controller.
  'controller.quorum.election.timeout.ms': '500',
  'controller.quorum.fetch.timeout.ms': '1000',
}

/** What each node is started with: all of them brokers and controllers, by the numbers 1, 2 and 3. */
export function planKafkaCluster(
  ports: readonly NodePorts[],
  settings: Readonly<Record<string, string>>,
): readonly NodePlan[] {
  const voters = ports.map(({ peerPort }, index) => `${index + 1}@127.0.0.1:${peerPort}`).join(',')
  return ports.map(({ port, peerPort }, index) => ({
    port,
    settings: {
      ...clusterSettings,
      'node.id': String(index + 1),
      'controller.quorum.voters': voters,
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${peerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
      ...settings,
    },
  }))
}

/** The URL of a cluster of nodes at these ports. */
export function kafkaClusterUrl(ports: readonly NodePorts[]): string {
  return `kafka://${ports.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
}
