import { notSupported } from '@eventspine/core'
import type { KafkaAssigner, KafkaClient, KafkaCluster, KafkaConsumer } from '../client.ts'

/**
 * The broker that speaks for a group. These calls are the group protocol itself, one request each: kafkajs' own
 * consumer repeats a commit under a later generation, takes commits that it never sends, resets offsets that the
 * log does not hold and rejoins without asking, none of which a checkpoint would outlive.
 */
export interface GroupCoordinator {
  joinGroup(request: {
    readonly groupId: string
    readonly sessionTimeout: number
    readonly rebalanceTimeout: number
    readonly memberId: string
    readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[]
  }): Promise<{
    readonly generationId: number
    readonly leaderId: string
    readonly memberId: string
    readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]
  }>
  syncGroup(request: {
    readonly groupId: string
    readonly generationId: number
    readonly memberId: string
    readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[]
  }): Promise<{ readonly memberAssignment: Buffer }>
  heartbeat(request: {
    readonly groupId: string
    readonly groupGenerationId: number
    readonly memberId: string
  }): Promise<unknown>
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>
  offsetCommit(request: {
    readonly groupId: string
    readonly groupGenerationId: number
    readonly memberId: string
    readonly topics: readonly TopicCommit[]
  }): Promise<unknown>
  offsetFetch(request: {
    readonly groupId: string
    readonly topics: readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number }[]
    }[]
  }): Promise<{
    readonly responses: readonly {
      readonly topic: string
      readonly partitions: readonly {
        readonly partition: number
        readonly offset: string
        readonly metadata: string | null
      }[]
    }[]
  }>
}

export interface TopicCommit {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly offset: string
    readonly metadata: string | null
  }[]
}

const CALLS = ['joinGroup', 'syncGroup', 'heartbeat', 'leaveGroup', 'offsetCommit', 'offsetFetch'] as const

function isGroupCoordinator(broker: unknown): broker is GroupCoordinator {
  return (
    typeof broker === 'object' &&
    broker !== null &&
    CALLS.every((name) => typeof Reflect.get(broker, name) === 'function')
  )
}

interface Connected {
  readonly consumer: KafkaConsumer
  readonly coordinator: Promise<GroupCoordinator>
}

/**
 * A member's own connections: a broker answers the requests of one connection in turn, and a join may take as
 * long as the slowest member.
 */
export class GroupConnection {
  readonly #client: KafkaClient
  readonly #groupId: string
  #connected: Connected | undefined

  constructor(client: KafkaClient, groupId: string) {
    this.#client = client
    this.#groupId = groupId
  }

  /** The coordinator, looked for anew after {@link forget}. */
  async coordinator(): Promise<GroupCoordinator> {
    const connected = (this.#connected ??= this.#connect())
    try {
      return await connected.coordinator
    } catch (error) {
      if (this.#connected === connected) this.forget()
      throw error
    }
  }

  /** The coordinator may be another one, or the connection dead: a request that waits on it may wait long. */
  forget(): void {
    // What it waits for then is nobody's concern any more.
    void this.close().catch(() => undefined)
  }

  async close(): Promise<void> {
    const connected = this.#connected
    this.#connected = undefined
    await connected?.consumer.disconnect()
  }

  #connect(): Connected {
    let cluster: KafkaCluster | undefined
    // A consumer is made for its connections alone; whoever assigns its partitions is shown them.
    const consumer = this.#client.consumer({
      groupId: this.#groupId,
      allowAutoTopicCreation: false,
      partitionAssigners: [
        (parts) => {
          cluster = parts.cluster
          return neverAsked
        },
      ],
    })
    const coordinator = this.#find(cluster)
    // Whoever asks is told.
    coordinator.catch(() => undefined)
    return { consumer, coordinator }
  }

  async #find(cluster: KafkaCluster | undefined): Promise<GroupCoordinator> {
    if (cluster === undefined) throw notSupported('kafka: the client gives assigners no way to its brokers')
    await cluster.connect()
    const broker = await cluster.findGroupCoordinator({ groupId: this.#groupId })
    if (!isGroupCoordinator(broker))
      throw notSupported('kafka: the client has no requests of the group protocol')
    return broker
  }
}

/** Groups are joined without kafkajs' consumer, which would ask it. */
const neverAsked: ReturnType<KafkaAssigner> = {
  name: 'eventspine-member',
  version: 0,
  assign: () => Promise.resolve([]),
  protocol: () => ({ name: 'eventspine-member', metadata: Buffer.alloc(0) }),
}
