import type { CouchbaseFrame } from './couchbase-frame.ts'

const getClusterConfig = 0xb5
const notMyVbucket = 0x07
const compressed = 0x02

/** The parts of a cluster map that name the port of the key-value service. */
interface ClusterMap {
  nodes?: { ports?: { direct?: number } }[]
  nodesExt?: { services?: { kv?: number } }[]
  vBucketServerMap?: { serverList?: string[] }
}

/** Whether a reply holds a cluster map: asked for, or told with the refusal of a request that another node is to get. */
export function hasClusterMap({ opcode, status, value, datatype }: CouchbaseFrame): boolean {
  const isOne = (opcode === getClusterConfig && status === 0) || status === notMyVbucket
  return isOne && value.length > 0 && (datatype & compressed) === 0
}

/**
 * The map with `port` in place of the node's own, so that a client does not go past a proxy.
 *
 * @throws RangeError for a cluster of several nodes, which would need a proxy each.
 */
export function mapThroughPort(text: string, port: number): string {
  // What is looked for below may be absent.
  const map = JSON.parse(text) as ClusterMap
  const servers = map.vBucketServerMap?.serverList ?? []
  const nodes = Math.max(servers.length, map.nodes?.length ?? 0, map.nodesExt?.length ?? 0)
  if (nodes > 1) throw new RangeError(`a proxy is for a cluster of one node, not of ${nodes}`)
  for (const { ports } of map.nodes ?? []) if (ports?.direct !== undefined) ports.direct = port
  for (const { services } of map.nodesExt ?? []) if (services?.kv !== undefined) services.kv = port
  if (map.vBucketServerMap?.serverList !== undefined) {
    map.vBucketServerMap.serverList = servers.map((server) => server.replace(/:\d+$/, `:${port}`))
  }
  return JSON.stringify(map)
}
