import { classifyError, type FailureContext, isUnknownScript } from './classify-error.ts'
import type { RedisArgument, RedisClient } from './client.ts'
import { ReplicaWait, type ReplicaWaitOptions } from './replica-wait.ts'
import type { Script } from './scripts/script.ts'

/** Sends commands over a client and gives what fails its type. */
export class Connection {
  readonly client: RedisClient
  /** How often the client has become ready: a command that was queued before may have been sent since. */
  #readyCount = 0
  readonly #onReady = (): void => void this.#readyCount++

  readonly #replicas: ReplicaWait | undefined

  /** @param wait - which replicas must have a write before it counts as done. */
  constructor(client: RedisClient, wait?: ReplicaWaitOptions) {
    this.client = client
    this.#replicas = wait === undefined ? undefined : new ReplicaWait(client, wait)
    client.on('ready', this.#onReady)
  }

  /** Leaves the client as it was found. */
  detach(): void {
    this.client.off('ready', this.#onReady)
  }

  /** A command that changes nothing. */
  async read(command: string, ...args: RedisArgument[]): Promise<unknown> {
    try {
      return await this.client.call(command, ...args)
    } catch (error) {
      throw classifyError(error, { writes: false, sent: true })
    }
  }

  /** Runs a script that changes nothing. */
  readScript(script: Script, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown> {
    return this.#run(script, keys, args, false)
  }

  /** Runs a script that writes. */
  writeScript(script: Script, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown> {
    const answer = this.#run(script, keys, args, true)
    return this.#replicas === undefined ? answer : this.#confirmed(answer, this.#replicas)
  }

  /** Also a refusal is confirmed: it may be that of a repeat, whose first attempt was not. */
  async #confirmed(answer: Promise<unknown>, replicas: ReplicaWait): Promise<unknown> {
    const value = await answer
    await replicas.confirm()
    return value
  }

  async #run(
    script: Script,
    keys: readonly string[],
    args: readonly RedisArgument[],
    writes: boolean,
  ): Promise<unknown> {
    const ready = this.client.status === 'ready'
    const readyCount = this.#readyCount
    try {
      return await this.client.call('evalsha', script.sha, keys.length, ...keys, ...args)
    } catch (error) {
      if (!isUnknownScript(error)) throw classifyError(error, this.#context(writes, ready, readyCount))
    }
    try {
      // Whichever server it was that did not know the script: the keys lead there again, and it keeps it from now on.
      return await this.client.call('eval', script.source, keys.length, ...keys, ...args)
    } catch (error) {
      throw classifyError(error, { writes, sent: true })
    }
  }

  #context(writes: boolean, ready: boolean, readyCount: number): FailureContext {
    return { writes, sent: ready || readyCount !== this.#readyCount }
  }
}
