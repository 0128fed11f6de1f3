import { Redis } from 'ioredis'
import { nodeUrls } from '../node-urls.ts'

const slots = 16_384

/** One line of CLUSTER NODES: https://redis.io/docs/latest/commands/cluster-nodes/ */
export interface ClusterNodeLine {
  readonly port: number
  readonly flags: readonly string[]
  /** Slots such as `0-5460`, of a master. */
  readonly slots: readonly string[]
}

/**
 * Asks every node of `url` whether the cluster is whole: all slots are served, all nodes are known and connected, all
 * replicas follow their masters.
 *
 * @returns the version, such as `7.0.15`.
 * @throws Error with what is missing, or when there is no answer within `deadlineMs`.
 */
export async function askRedisCluster(url: string, deadlineMs: number): Promise<string> {
  const nodes = nodeUrls(url, 'redis:')
  const versions = await Promise.all(nodes.map((node) => askNode(node, nodes.length, deadlineMs)))
  return versions[0] ?? 'unknown'
}

/** How the first of the nodes that answers sees the cluster. */
export async function clusterView(
  urls: readonly string[],
  deadlineMs: number,
): Promise<readonly ClusterNodeLine[]> {
  let lastError: unknown = new Error('the cluster has no nodes')
  for (const url of urls) {
    try {
      return await withNode(url, deadlineMs, nodeLines)
    } catch (error) {
      lastError = error
    }
  }
  throw lastError
}

/** The slot that a key belongs to. */
export async function slotOf(urls: readonly string[], key: string, deadlineMs: number): Promise<number> {
  let lastError: unknown = new Error('the cluster has no nodes')
  for (const url of urls) {
    try {
      return await withNode(url, deadlineMs, (client) => client.cluster('KEYSLOT', key))
    } catch (error) {
      lastError = error
    }
  }
  throw lastError
}

/** Whether the node of this line is the master of the slot. */
export function servesSlot({ slots }: ClusterNodeLine, slot: number): boolean {
  return slots.some((range) => {
    const [from = '', to = from] = range.split('-')
    return Number(from) <= slot && slot <= Number(to)
  })
}

/** How many nodes one node knows, itself included. */
export async function knownNodes(url: string, deadlineMs: number): Promise<number> {
  return (await withNode(url, deadlineMs, nodeLines)).length
}

async function askNode(url: string, nodeCount: number, deadlineMs: number): Promise<string> {
  return await withNode(url, deadlineMs, async (client) => {
    const state = fields(await client.cluster('INFO'))
    if (state['cluster_state'] !== 'ok' || state['cluster_slots_ok'] !== String(slots)) {
      throw new Error(`${url} says ${state['cluster_slots_ok']} of ${slots} slots are served`)
    }
    const lines = await nodeLines(client)
    const unfit = lines.find(({ flags }) =>
      flags.some((flag) => /fail|handshake|noaddr|disconnected/.test(flag)),
    )
    if (unfit !== undefined) throw new Error(`${url} says port ${unfit.port} is ${unfit.flags.join(',')}`)
    if (lines.length < nodeCount) throw new Error(`${url} knows ${lines.length} of ${nodeCount} nodes`)
    const info = fields(await client.info())
    if (info['role'] === 'slave' && info['master_link_status'] !== 'up') {
      throw new Error(`${url} does not follow its master`)
    }
    return info['redis_version'] ?? 'unknown'
  })
}

async function nodeLines(client: Redis): Promise<readonly ClusterNodeLine[]> {
  const text = String(await client.cluster('NODES'))
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [, address = '', flags = '', , , , , link = '', ...slots] = line.split(' ')
      const port = Number(/:(\d+)/.exec(address)?.[1])
      return {
        port,
        flags: [...flags.split(','), link],
        slots: slots.filter((slot) => !slot.startsWith('[')),
      }
    })
}

async function withNode<Result>(
  url: string,
  deadlineMs: number,
  work: (client: Redis) => Promise<Result>,
): Promise<Result> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: deadlineMs,
    commandTimeout: deadlineMs,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
  })
  // What breaks the connection is also what rejects the command.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await work(client)
  } finally {
    client.disconnect()
  }
}

function fields(text: unknown): Readonly<Record<string, string>> {
  const pairs = String(text)
    .split(/\r?\n/)
    .map((line) => /^([^#:]+):(.*)$/.exec(line))
  return Object.fromEntries(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1], pair[2]]])))
}
