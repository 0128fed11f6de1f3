export type { RedisArgument, RedisClient, RedisClientOptions, RedisNode } from './client.ts'
export { openUrl } from './open-url.ts'
export type { StoreOptions } from './options.ts'
export { createStore, redis, type RedisConnectOptions, type RedisOptions } from './redis.ts'
