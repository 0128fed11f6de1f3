import { keptPorts } from '../cluster/node-plan.ts'
import { nodesFolder, startNodes } from '../cluster/start-nodes.ts'
import { kafka, kafkaVersion } from '../kafka/kafka.ts'
import type { ServerDefinition } from '../server-definition.ts'
import { kafkaClusterUrl, kafkaNodes, planKafkaCluster } from './plan-kafka-cluster.ts'

/** Three Kafka nodes, replication 3, `min.insync.replicas` 2. */
export const kafkaCluster: ServerDefinition = {
  name: 'kafka-cluster',
  title: `Apache Kafka ${kafkaVersion}, ${kafkaNodes} nodes`,
  urlVariable: 'EVENTSPINE_TEST_KAFKA_CLUSTER',
  // Asked in order, each hands over to the next, and the last two wait in vain for a quorum.
  stopSignal: 'SIGKILL',
  exitSignal: 'SIGKILL',
  probe: (url, deadlineMs) => kafka.probe(url, deadlineMs),
  dataDirectory: (folder) => Promise.resolve(nodesFolder(folder)),

  async start(request) {
    const ports = await keptPorts(request.folder, kafkaNodes, request.port)
    const nodes = await startNodes(kafka, planKafkaCluster(ports, request.settings), request)
    const [first, ...rest] = nodes.flatMap(({ processes }) => processes)
    if (first === undefined) throw new Error('a cluster has at least one node')
    return {
      url: kafkaClusterUrl(ports),
      version: kafkaVersion,
      dataDirectory: nodesFolder(request.folder),
      processes: [first, ...rest],
    }
  },
}
