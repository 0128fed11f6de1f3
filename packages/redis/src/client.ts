/** What commands take as arguments. */
export type RedisArgument = string | Buffer | number

/**
 * The part of a `Redis` or `Cluster` of `ioredis` 5 or 6 that is used, so that these declarations need none of its types.
 * It is never ended, and nothing about it is changed.
 */
export interface RedisClient {
  readonly status: string
  readonly isCluster: boolean
  readonly options: RedisClientOptions
  call(...args: [command: string, ...args: RedisArgument[]]): Promise<unknown>
  on(event: 'ready', listener: () => void): unknown
  off(event: 'ready', listener: () => void): unknown
  /** Only a `Cluster` has it. */
  nodes?(role: 'master'): RedisNode[]
}

/** One server of a cluster. */
export interface RedisNode {
  call(...args: [command: string, ...args: RedisArgument[]]): Promise<unknown>
}

/** Settings of a client that decide whether it sends a command again by itself. */
export interface RedisClientOptions {
  readonly autoResendUnfulfilledCommands?: boolean | undefined
  readonly maxRetriesPerRequest?: number | null | undefined
  /** Of a `Cluster`. */
  readonly retryDelayOnFailover?: number | undefined
}
