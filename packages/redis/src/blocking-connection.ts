import type { RedisArgument, RedisClient, RedisNode } from './client.ts'

/** What a duplicate of a client has, besides. */
interface Duplicate {
  call(...args: [command: string, ...args: RedisArgument[]]): Promise<unknown>
  on(event: 'error', listener: () => void): unknown
  disconnect(): void
}

/** Beyond the time that a command may block: a server that is silent for so long is not there any more. */
const GRACE_MS = 2000

/**
 * A connection for commands that block the one they are sent on: made when it is needed, given up when it fails, since
 * what is waited for then may have moved to another server.
 */
export class BlockingConnection {
  readonly #client: RedisClient
  readonly #key: string
  readonly #blockMs: number
  #connection: Duplicate | undefined
  #closed = false

  /** @param key - decides the server of a cluster. */
  constructor(client: RedisClient, key: string, blockMs: number) {
    this.#client = client
    this.#key = key
    this.#blockMs = blockMs
  }

  /** @throws what the client throws; the next call makes a new connection. */
  async call(command: string, ...args: RedisArgument[]): Promise<unknown> {
    try {
      this.#connection ??= await this.#connect()
      return await this.#connection.call(command, ...args)
    } catch (error) {
      this.#drop()
      throw error
    }
  }

  /** What is under way fails. */
  close(): void {
    this.#closed = true
    this.#drop()
  }

  async #connect(): Promise<Duplicate> {
    const node = await this.#node()
    if (this.#closed) throw new Error('the connection was closed before it was made')
    const connection = node.duplicate({
      // One that breaks stays broken, and says so to whoever waits.
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      enableAutoPipelining: false,
      enableOfflineQueue: true,
      lazyConnect: false,
      commandTimeout: undefined,
      socketTimeout: this.#blockMs + GRACE_MS,
    })
    // Every call that fails says so itself; without a listener the client would write to the console.
    connection.on('error', () => undefined)
    return connection
  }

  /** The client itself, or the server of the cluster that has the key. */
  async #node(): Promise<{ duplicate(options: object): Duplicate }> {
    const nodes = this.#client.isCluster ? (this.#client.nodes?.('master') ?? []) : [this.#client]
    let failure: unknown = new Error('the cluster has no master')
    for (const node of nodes) {
      try {
        if (nodes.length > 1) await node.call('xlen', this.#key)
        return duplicating(node)
      } catch (error) {
        // The others say that the key is not theirs.
        failure = error
      }
    }
    throw failure
  }

  #drop(): void {
    this.#connection?.disconnect()
    this.#connection = undefined
  }
}

function duplicating(node: RedisClient | RedisNode): { duplicate(options: object): Duplicate } {
  // Every client of ioredis has it; the rest of this package does not need it.
  return node as unknown as { duplicate(options: object): Duplicate }
}
