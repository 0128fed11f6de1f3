import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { untilWhole } from '../cluster/until-whole.ts'
import type { NodePlan, NodePorts } from '../cluster/node-plan.ts'
import { redisProgram } from '../redis/redis-program.ts'
import { ServerStartError } from '../server-start-error.ts'
import { askRedisCluster, knownNodes } from './ask-redis-cluster.ts'

/** The least with which a cluster can agree that one of them failed. */
export const masters = 3

const answerDeadlineMs = 5_000
const formDeadlineMs = 60_000

/** What each node is started with. */
export function planRedisCluster(
  ports: readonly NodePorts[],
  settings: Readonly<Record<string, string>>,
): readonly NodePlan[] {
  return ports.map(({ port, peerPort }) => ({
    port,
    settings: {
      'cluster-enabled': 'yes',
      'cluster-port': String(peerPort),
      // How long a node is silent before a replica takes its place; 15 s by default.
      'cluster-node-timeout': '2000',
      // Otherwise replicas move to masters that lost theirs, and nobody knows who follows whom.
      'cluster-allow-replica-migration': 'no',
      'repl-diskless-sync-delay': '0',
      ...settings,
    },
  }))
}

/** The URL of a cluster of nodes at these ports. */
export function redisClusterUrl(ports: readonly NodePorts[]): string {
  return `redis-cluster://${addresses(ports).join(',')}`
}

/**
 * Makes the started nodes one cluster, unless they are one already, and waits until it is whole.
 *
 * @returns the version.
 * @throws {@link ServerStartError} with what is missing.
 */
export async function formRedisCluster(ports: readonly NodePorts[], replicas: number): Promise<string> {
  const url = redisClusterUrl(ports)
  try {
    const [first = ''] = addresses(ports)
    if ((await knownNodes(`redis://${first}`, answerDeadlineMs)) === 1) await create(ports, replicas)
    let version = ''
    await untilWhole(url, formDeadlineMs, async () => {
      version = await askRedisCluster(url, answerDeadlineMs)
    })
    return version
  } catch (cause) {
    throw new ServerStartError(
      'redis-cluster',
      cause instanceof Error ? cause.message : String(cause),
      'npm run servers -- down redis-cluster --remove-data starts afresh',
      { cause },
    )
  }
}

async function create(ports: readonly NodePorts[], replicas: number): Promise<void> {
  const cli = await redisProgram('redis-cli')
  const words = ['--cluster', 'create', ...addresses(ports), '--cluster-replicas', String(replicas)]
  await promisify(execFile)(cli, [...words, '--cluster-yes'], { timeout: formDeadlineMs })
}

function addresses(ports: readonly NodePorts[]): readonly string[] {
  return ports.map(({ port }) => `127.0.0.1:${port}`)
}
