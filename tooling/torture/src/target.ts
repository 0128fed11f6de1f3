import type { ChildAccess, Random } from '@eventspine/conformance'
import type { Blow } from './blow.ts'
import type { NetworkFaults } from './network-faults.ts'
import { openCouchbase } from './targets/couchbase.ts'
import { openDynamodb } from './targets/dynamodb.ts'
import { openKafka, openKafkaCluster } from './targets/kafka.ts'
import { openPglite, openPostgres } from './targets/postgres.ts'
import { openRedis, openRedisCluster, openRedisStream } from './targets/redis.ts'

/** What is tortured. */
export interface Target extends AsyncDisposable {
  /** Consumers with exactly-once effects have documents to keep them in. */
  readonly documents: boolean
  /** Consumers may take part in the store's own transactions. */
  readonly sharedTransaction: boolean
  /** Processes that have a store open at once. */
  readonly processes: number
  /** A silent owner of a partition is taken over after this. */
  readonly leaseMs: number
  /** Reaching a later call of the driver than this only makes rounds longer. */
  readonly mostCalls: number
  /** A store or log that nobody has used; the first process that opens it creates it. */
  newStore(): Promise<ChildAccess>
  /**
   * Kills the server, or one node of it, under everybody and starts it again; absent where the engine is in the
   * process.
   */
  readonly crashServer?: (random: Random) => Promise<void>
  /** Present where calls go through a proxy that understands them. */
  readonly faults?: NetworkFaults
}

/** By the server's own names. */
export type ServerSettings = Readonly<Record<string, string>>

type OpenTarget = (settings: ServerSettings, directory: string) => Promise<Target>

const open = {
  postgres: openPostgres,
  pglite: openPglite,
  redis: openRedis,
  'redis-cluster': openRedisCluster,
  'redis-stream': openRedisStream,
  kafka: (settings: ServerSettings) => openKafka(settings, 'without documents'),
  'kafka-documents': (settings: ServerSettings) => openKafka(settings, 'with documents'),
  'kafka-cluster': openKafkaCluster,
  dynamodb: openDynamodb,
  couchbase: openCouchbase,
} satisfies Record<string, OpenTarget>

export type TargetName = keyof typeof open

// The keys of a literal that is never changed.
export const targetNames = Object.keys(open) as readonly TargetName[]

/**
 * What can be done to each: the engine in a process has no server, and nobody can take its partitions over; the emulator
 * of Couchbase forgets everything.
 */
export function blowsOf(name: TargetName): readonly Blow[] {
  const process: readonly Blow[] = ['before-send', 'sent', 'replied', 'random']
  if (name === 'pglite') return process
  return name === 'couchbase' ? [...process, 'paused'] : [...process, 'server', 'paused']
}

/** @param settings - of the server, by their own names. */
export function openTarget(
  name: TargetName,
  directory: string,
  settings: ServerSettings = {},
): Promise<Target> {
  return open[name](settings, directory)
}
