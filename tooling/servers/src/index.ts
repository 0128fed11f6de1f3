export type { CouchbaseCounts } from './couchbase-proxy/couchbase-counts.ts'
export { startCouchbaseProxy, type CouchbaseProxy } from './couchbase-proxy/couchbase-proxy.ts'
export type {
  ChosenCouchbaseRequest,
  CouchbaseFate,
  CouchbaseRequest,
} from './couchbase-proxy/couchbase-request.ts'
export { startDynamodbProxy, type DynamodbProxy } from './dynamodb-proxy/dynamodb-proxy.ts'
export type {
  ChosenDynamodbRequest,
  DynamodbFate,
  DynamodbRequest,
} from './dynamodb-proxy/dynamodb-request.ts'
export { kafkaSocketFactory, redisNatMap } from './fault-proxy/client-options.ts'
export { startFaultProxy, type FaultProxy, type RequestFaultResult } from './fault-proxy/fault-proxy.ts'
export type { ChosenRequest, LostReply } from './fault-proxy/request-fault.ts'
export { ownKeyPrefix, type OwnKeyPrefix } from './couchbase/key-prefix.ts'
export { startCouchbase } from './couchbase/start-couchbase.ts'
export { ownTable, type OwnTable } from './dynamodb/own-table.ts'
export { startDynamodb } from './dynamodb/start-dynamodb.ts'
export type { OwnCluster } from './cluster/own-cluster.ts'
export { freePort } from './free-port.ts'
export { startKafkaCluster, type OwnKafkaCluster } from './kafka-cluster/start-kafka-cluster.ts'
export { runKafkaTool } from './kafka/kafka-tool.ts'
export { startKafkaBehindProxy, type KafkaBehindProxy } from './kafka/start-kafka-behind-proxy.ts'
export { startKafka } from './kafka/start-kafka.ts'
export type { KillSignal, OwnServer, OwnServerOptions } from './own-server.ts'
export { createDatabase, type OwnDatabase } from './postgres/database.ts'
export { startPostgres } from './postgres/start-postgres.ts'
export { startRedisCluster, type OwnRedisCluster } from './redis-cluster/start-redis-cluster.ts'
export { redisProgram } from './redis/redis-program.ts'
export { createKeyspace, type OwnKeyspace } from './redis/keyspace.ts'
export { startRedis } from './redis/start-redis.ts'
export type { ServerName } from './registry.ts'
export { ServerStartError } from './server-start-error.ts'
export { serverUrl } from './shared-server.ts'
export { testBackends, type TestBackend } from './test-backends.ts'
export { waitUntil, type WaitOptions } from './wait-until.ts'
