import type { GroupCheckpoint } from '@eventspine/core'
import { brokerAnswer } from '../classify-error.ts'
import { assignPartitions } from './assign-partitions.ts'
import type { GroupConnection } from './group-coordinator.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type Holding,
} from './member-metadata.ts'
import { encodeOffsetMetadata } from './offset-metadata.ts'

/** Members that do not know it refuse to be in one group with us, and so do we with them. */
const PROTOCOL = 'eventspine-sticky-1'

/** So long may the others wait for a member that still finishes what it has in hand, in sessions. */
const REBALANCE_SESSIONS = 3

export interface SessionTerms {
  readonly connection: GroupConnection
  readonly group: string
  readonly topic: string
  readonly partitions: number
  readonly sessionMs: number
}

/** By what the coordinator knows a member; empty for one that it does not know. */
export interface MemberIdentity {
  memberId: string
}

/** One generation of a group as one of its members. */
export class GroupSession {
  readonly #terms: SessionTerms
  readonly memberId: string
  readonly generation: number
  readonly partitions: readonly number[]
  /** By this process's clock, from before the request that the coordinator has answered. */
  #heardAtMs: number

  private constructor(
    terms: SessionTerms,
    memberId: string,
    generation: number,
    partitions: readonly number[],
    heardAtMs: number,
  ) {
    this.#terms = terms
    this.memberId = memberId
    this.generation = generation
    this.partitions = partitions
    this.#heardAtMs = heardAtMs
  }

  /** Joins and learns the assignment, as the leader by making it. */
  static async enter(terms: SessionTerms, identity: MemberIdentity, held: Holding): Promise<GroupSession> {
    const { connection, group: groupId, topic, sessionMs } = terms
    const coordinator = await connection.coordinator()
    const { memberId, generationId, leaderId, members } = await coordinator.joinGroup({
      groupId,
      memberId: identity.memberId,
      sessionTimeout: sessionMs,
      rebalanceTimeout: sessionMs * REBALANCE_SESSIONS,
      groupProtocols: [{ name: PROTOCOL, metadata: encodeSubscription(topic, held) }],
    })
    identity.memberId = memberId
    const sentAtMs = performance.now()
    const { memberAssignment } = await coordinator.syncGroup({
      groupId,
      generationId,
      memberId,
      groupAssignment: leaderId === memberId ? assignmentOf(terms, members) : [],
    })
    const partitions = decodeAssignment(memberAssignment, topic)
    return new GroupSession(terms, memberId, generationId, partitions, sentAtMs)
  }

  /** Whether the coordinator cannot have given this member up yet. */
  isAlive(): boolean {
    return performance.now() < this.#heardAtMs + this.#terms.sessionMs
  }

  async heartbeat(): Promise<void> {
    const { connection, group: groupId } = this.#terms
    const { memberId, generation: groupGenerationId } = this
    const coordinator = await connection.coordinator()
    const sentAtMs = performance.now()
    try {
      await coordinator.heartbeat({ groupId, memberId, groupGenerationId })
    } catch (error) {
      // Said to members that it goes on counting with.
      if (brokerAnswer(error) === 'REBALANCE_IN_PROGRESS') this.#heardAtMs = sentAtMs
      throw error
    }
    this.#heardAtMs = sentAtMs
  }

  /** Writes the checkpoint of one partition in this generation: a later one of the group refuses it. */
  async commit(partition: number, checkpoint: GroupCheckpoint): Promise<void> {
    await this.#commit(partition, checkpoint.sequence, encodeOffsetMetadata(checkpoint))
  }

  /** For those who look with Kafka's own tools. */
  async commitOffset(partition: number, sequence: number): Promise<void> {
    await this.#commit(partition, sequence, null)
  }

  async #commit(partition: number, sequence: number, metadata: string | null): Promise<void> {
    const { connection, group: groupId, topic } = this.#terms
    const { memberId, generation: groupGenerationId } = this
    const coordinator = await connection.coordinator()
    await coordinator.offsetCommit({
      groupId,
      memberId,
      groupGenerationId,
      // A sequence is one more than the offset of its event, and so the next offset to read.
      topics: [{ topic, partitions: [{ partition, offset: String(sequence), metadata }] }],
    })
  }
}

/** What the leader tells each member. */
function assignmentOf(
  { topic, partitions }: SessionTerms,
  members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[],
): { memberId: string; memberAssignment: Buffer }[] {
  const holdings = new Map<string, Holding>()
  for (const { memberId, memberMetadata } of members) {
    const held = decodeSubscription(memberMetadata, topic)
    if (held !== undefined) holdings.set(memberId, held)
  }
  const assigned = assignPartitions(holdings, partitions)
  return members.map(({ memberId }) => ({
    memberId,
    memberAssignment: encodeAssignment(topic, assigned.get(memberId) ?? []),
  }))
}
