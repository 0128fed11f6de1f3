import { setTimeout as delay } from 'node:timers/promises'
import { EventStoreError, notSupported } from '@eventspine/core'
import { brokerAnswer, classifyError } from './classify-error.ts'
import type { KafkaAssigner, KafkaClient, KafkaCluster, KafkaConsumer } from './client.ts'

/** `read_committed`. https://kafka.apache.org/documentation/#consumerconfigs_isolation.level */
const READ_COMMITTED = 1
const RETRY_PAUSE_MS = 100

/** A place in the log to read from. */
export interface FetchPlace {
  readonly partition: number
  readonly offset: number
  readonly maxBytes: number
}

interface Connected {
  readonly consumer: KafkaConsumer
  readonly cluster: KafkaCluster
}

/**
 * Connections to the brokers for reading at any place, without being a member of a group: joining one takes the
 * cluster's `group.initial.rebalance.delay.ms`, three seconds by default, and a right of its own. A consumer object
 * lends them to its assigners, which is kafkajs's documented way to them; this consumer is never run.
 */
export class BrokerConnections {
  readonly #client: KafkaClient
  readonly #topic: string
  #connected: Promise<Connected> | undefined
  /** The last request to each broker. */
  readonly #turns = new Map<string, Promise<unknown>>()
  #closed = false
  #failures = 0

  constructor(client: KafkaClient, topic: string) {
    this.#client = client
    this.#topic = topic
  }

  /**
   * Asks the leaders of the partitions, each once, and waits there until one has something or `waitMs` have passed.
   * Changes of leaders are followed until `deadlineMs`.
   *
   * @returns the answers of the leaders; 'out-of-range' when the log does not hold the offset of one.
   */
  async fetch(
    places: readonly FetchPlace[],
    waitMs: number,
    deadlineMs: number,
  ): Promise<readonly unknown[] | 'out-of-range'> {
    for (;;) {
      if (this.#closed) throw new EventStoreError('CLOSED', 'kafka: the backend is closed')
      let cluster: KafkaCluster | undefined
      try {
        ;({ cluster } = await this.#connect())
        return await this.#ask(cluster, places, waitMs)
      } catch (error) {
        this.#failures++
        if (brokerAnswer(error) === 'OFFSET_OUT_OF_RANGE') return 'out-of-range'
        const classified = classifyError(error, { phase: 'read' })
        const transient = classified.retryable || classified.code === 'STORE_MISSING'
        if (this.#closed || !transient || performance.now() + RETRY_PAUSE_MS > deadlineMs) throw classified
        await this.#recover(cluster, error)
      }
    }
  }

  /** How many requests have failed so far, also those that were made again with success. */
  get failures(): number {
    return this.#failures
  }

  async close(): Promise<void> {
    this.#closed = true
    const connected = this.#connected
    this.#connected = undefined
    if (connected === undefined) return
    try {
      await (await connected).consumer.disconnect()
    } catch (error) {
      // It was never connected, or is not any more.
      if (!(error instanceof Error)) throw error
    }
  }

  async #ask(cluster: KafkaCluster, places: readonly FetchPlace[], waitMs: number): Promise<unknown[]> {
    await cluster.refreshMetadataIfNecessary()
    const leaders = cluster.findLeaderForPartitions(
      this.#topic,
      places.map(({ partition }) => partition),
    )
    const led = new Set(Object.values(leaders).flat())
    if (places.some(({ partition }) => !led.has(partition))) {
      throw new EventStoreError('BACKEND_UNAVAILABLE', 'kafka: a partition has no leader, or is gone', {
        retryable: true,
      })
    }
    const asked = Object.entries(leaders).map(([nodeId, partitions]) => {
      const wanted = places.filter(({ partition }) => partitions.includes(partition))
      const partitionsOfTopic = wanted.map(({ partition, offset, maxBytes }) => ({
        partition,
        fetchOffset: String(offset),
        maxBytes,
      }))
      return this.#inTurn(nodeId, async () => {
        const broker = await cluster.findBroker({ nodeId })
        return broker.fetch({
          isolationLevel: READ_COMMITTED,
          maxWaitTime: waitMs,
          minBytes: 1,
          maxBytes: wanted.reduce((sum, { maxBytes }) => sum + maxBytes, 0),
          topics: [{ topic: this.#topic, partitions: partitionsOfTopic }],
        })
      })
    })
    return Promise.all(asked)
  }

  /**
   * One request at a time to each broker. It answers those of a connection one after the other anyway, and two at once
   * on one that is not open yet make kafkajs open two, of which it forgets the first.
   */
  async #inTurn(nodeId: string, request: () => Promise<unknown>): Promise<unknown> {
    const before = this.#turns.get(nodeId) ?? Promise.resolve()
    const answer = before.then(request, request)
    this.#turns.set(nodeId, answer)
    return answer
  }

  /** What kafkajs's own consumers do: a broker that hung up is looked for anew, and so are the leaders. */
  async #recover(cluster: KafkaCluster | undefined, error: unknown): Promise<void> {
    await delay(RETRY_PAUSE_MS)
    if (cluster === undefined) return
    const { host, port } = error as { readonly host?: unknown; readonly port?: unknown }
    if (typeof host === 'string' && typeof port === 'number') cluster.removeBroker({ host, port })
    try {
      await cluster.refreshMetadata()
    } catch {
      // No broker answers: all connections are made anew.
      const connected = this.#connected
      this.#connected = undefined
      const { consumer } = (await connected) ?? {}
      await consumer?.disconnect()
    }
  }

  #connect(): Promise<Connected> {
    this.#connected ??= this.#open().catch((error: unknown) => {
      this.#connected = undefined
      throw error
    })
    return this.#connected
  }

  async #open(): Promise<Connected> {
    let cluster: KafkaCluster | undefined
    const assigner: KafkaAssigner = (parts) => {
      cluster = parts.cluster
      return neverAsked
    }
    const consumer = this.#client.consumer({
      groupId: 'eventspine.reader',
      partitionAssigners: [assigner],
      allowAutoTopicCreation: false,
    })
    if (cluster === undefined) throw notSupported('kafka: the client gives assigners no way to its brokers')
    try {
      await consumer.connect()
      await cluster.addTargetTopic(this.#topic)
    } catch (error) {
      await consumer.disconnect()
      throw error
    }
    return { consumer, cluster }
  }
}

/** Of a group that is never joined. */
const neverAsked: ReturnType<KafkaAssigner> = {
  name: 'eventspine-reader',
  version: 0,
  assign: () => Promise.resolve([]),
  protocol: () => ({ name: 'eventspine-reader', metadata: Buffer.alloc(0) }),
}
