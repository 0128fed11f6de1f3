import { couchbase } from './couchbase/couchbase.ts'
import { dynamodb } from './dynamodb/dynamodb.ts'
import { kafkaCluster } from './kafka-cluster/kafka-cluster.ts'
import { kafka } from './kafka/kafka.ts'
import { postgres } from './postgres/postgres.ts'
import { redisCluster } from './redis-cluster/redis-cluster.ts'
import { redis } from './redis/redis.ts'
import type { ServerDefinition } from './server-definition.ts'

const definitions: Readonly<Record<ServerName, ServerDefinition>> = {
  postgres,
  redis,
  'redis-cluster': redisCluster,
  kafka,
  'kafka-cluster': kafkaCluster,
  dynamodb,
  couchbase,
}

/** The names of the servers that can be started. */
export type ServerName =
  | 'postgres'
  | 'redis'
  | 'redis-cluster'
  | 'kafka'
  | 'kafka-cluster'
  | 'dynamodb'
  | 'couchbase'

/** Every server that can be started, in the order they are listed to people. */
export const serverNames = Object.keys(definitions) as readonly ServerName[] // The record's keys are ServerName.

/** @throws RangeError for a name that is not in the list. */
export function parseServerName(name: string): ServerName {
  const known = serverNames.find((candidate) => candidate === name)
  if (known === undefined)
    throw new RangeError(`no server is called "${name}"; known: ${serverNames.join(', ')}`)
  return known
}

/** How the server of this name is started and asked. */
export function serverDefinition(name: ServerName): ServerDefinition {
  return definitions[name]
}
