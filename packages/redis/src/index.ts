export type { RedisArgument, RedisClient, RedisClientOptions, RedisNode } from './client.ts'
export { openUrl } from './open-url.ts'
export type { StoreOptions } from './options.ts'
export type { ReplicaWaitOptions } from './replica-wait.ts'
export { createStore, redis, type RedisConnectOptions, type RedisOptions } from './redis.ts'
export {
  redisStream,
  type RedisStreamBackend,
  type RedisStreamConnectOptions,
  type RedisStreamOptions,
} from './stream/redis-stream.ts'
export type { StreamOptions } from './stream/stream-options.ts'
export type { TrimmedPartition, TrimOptions } from './stream/trim-log.ts'
