import { EventStoreError, type GroupCheckpoint, type GroupMember, type GroupRequest } from '@eventspine/core'
import { brokerAnswer } from '../classify-error.ts'
import type { KafkaClient } from '../client.ts'
import { within } from '../within.ts'
import { classifyGroupError } from './group-error.ts'
import { GroupConnection } from './group-coordinator.ts'
import { GroupSession, type MemberIdentity, type SessionTerms } from './group-session.ts'
import { type AssignmentOwner, KafkaAssignment } from './kafka-assignment.ts'
import type { Holding } from './member-metadata.ts'
import { decodeOffset } from './offset-metadata.ts'

export interface MemberTerms {
  readonly client: KafkaClient
  readonly topic: string
  readonly partitions: number
  readonly incarnation: string
}

/** Heartbeats of a session: a rebalance is noticed within one. */
const HEARTBEATS = 20
const MAX_HEARTBEAT_MS = 500
const RETRY_MS = { first: 50, most: 1000 }

const NEVER = new AbortController().signal

/** Answers after which the group goes on without this member until it joins anew. */
const EXPELLED: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
])

/**
 * This process in one group, through rebalances, lost sessions and outages. A rebalance asks all partitions back
 * and joins when nothing of them is in hand, so that no event is in two hands; a handler that takes longer than a
 * session has its partition lost.
 */
export class KafkaGroupMember implements GroupMember, AssignmentOwner {
  readonly joined: Promise<void>
  readonly ended: Promise<void>
  readonly #request: GroupRequest
  readonly #terms: SessionTerms & Pick<MemberTerms, 'incarnation'>
  readonly #connection: GroupConnection
  readonly #identity: MemberIdentity = { memberId: '' }
  readonly #leaving = new AbortController()
  readonly #waiting = new Set<() => void>()
  #assignments = new Map<number, KafkaAssignment>()
  #held: Holding = { generation: -1, partitions: [] }
  #hasJoined: () => void = () => undefined
  #wakeHeart: () => void = () => undefined

  constructor({ client, topic, partitions, incarnation }: MemberTerms, request: GroupRequest) {
    const { group, sessionMs } = request
    this.#request = request
    this.#connection = new GroupConnection(client, group)
    this.#terms = { connection: this.#connection, group, topic, partitions, sessionMs, incarnation }
    const joined = new Promise<void>((resolve) => (this.#hasJoined = resolve))
    this.ended = this.#live()
    this.joined = Promise.race([
      joined,
      this.ended.then(() => {
        throw new EventStoreError('ABORTED', 'the member left before it had joined')
      }),
    ])
    // Whoever needs to know awaits them.
    this.ended.catch(() => undefined)
    this.joined.catch(() => undefined)
  }

  assignment(partition: number): KafkaAssignment | undefined {
    return this.#assignments.get(partition)
  }

  waitForChange(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return this.#pause(timeoutMs, signal, (wake) => {
      this.#waiting.add(wake)
      return () => this.#waiting.delete(wake)
    })
  }

  async leave(): Promise<void> {
    this.#leaving.abort()
    // A join may be held up by other members, or by nobody at all.
    const timer = setTimeout(() => this.#connection.forget(), this.#terms.sessionMs / 2)
    await this.ended.catch(() => undefined)
    clearTimeout(timer)
  }

  async readCheckpoint(partition: number): Promise<GroupCheckpoint | undefined> {
    const { group: groupId, topic, incarnation } = this.#terms
    try {
      const coordinator = await this.#connection.coordinator()
      const { responses } = await coordinator.offsetFetch({
        groupId,
        topics: [{ topic, partitions: [{ partition }] }],
      })
      const found = responses.find((each) => each.topic === topic)?.partitions[0]
      return found === undefined ? undefined : decodeOffset(found.offset, found.metadata, incarnation)
    } catch (error) {
      this.suspect(error)
      throw classifyGroupError(error, 'read')
    }
  }

  /** A coordinator that moved or is gone is looked for anew; what else is wrong the next heartbeat tells. */
  suspect(error: unknown): void {
    if (classifyGroupError(error, 'read').code === 'BACKEND_UNAVAILABLE') this.#connection.forget()
    this.#wakeHeart()
  }

  async #live(): Promise<void> {
    try {
      for (let attempt = 1; !this.#leaving.signal.aborted; attempt++) {
        try {
          const session = await this.#enter()
          attempt = 0
          await this.#stay(session)
        } catch (error) {
          await this.#afterFailure(error, attempt)
        }
      }
    } finally {
      this.#loseAll('the member has ended')
      await this.#goodbye()
    }
  }

  async #enter(): Promise<GroupSession> {
    const session = await GroupSession.enter(this.#terms, this.#identity, this.#held)
    const { partitions, generation } = session
    this.#held = { generation, partitions }
    this.#assignments = new Map(
      partitions.map((partition) => [partition, new KafkaAssignment(session, partition, this)]),
    )
    this.#hasJoined()
    this.#changed()
    return session
  }

  /** Until the group rebalances, the session is lost, or this member is to leave; then nothing is in hand any more. */
  async #stay(session: GroupSession): Promise<void> {
    while (!this.#leaving.signal.aborted) {
      await this.#heartbeatPause(this.#leaving.signal)
      if (this.#leaving.signal.aborted) break
      if ((await this.#beat(session)) === 'rebalancing') break
    }
    await this.#handOver(session)
  }

  async #beat(session: GroupSession): Promise<'alive' | 'rebalancing'> {
    try {
      await within(session.heartbeat(), this.#terms.sessionMs / 2)
      return 'alive'
    } catch (error) {
      const answer = brokerAnswer(error) ?? ''
      if (answer === 'REBALANCE_IN_PROGRESS') return 'rebalancing'
      if (EXPELLED.has(answer)) throw error
      // It may pass before the session is over.
      this.#connection.forget()
      if (!session.isAlive()) throw error
      return 'alive'
    }
  }

  /** Asks for all partitions, and loses those whose handlers take longer than a session. */
  async #handOver(session: GroupSession): Promise<void> {
    const revoked = Promise.all(Array.from(this.#assignments.values(), (assignment) => assignment.revoke()))
    this.#changed()
    let done = false
    void revoked.then(() => {
      done = true
      this.#wakeHeart()
    })
    const deadlineMs = performance.now() + this.#terms.sessionMs
    while (!done && performance.now() < deadlineMs) {
      await this.#heartbeatPause(NEVER)
      if (!done) await this.#beat(session)
    }
    this.#loseAll('a handler took longer than the group could wait')
  }

  async #afterFailure(error: unknown, attempt: number): Promise<void> {
    const answer = brokerAnswer(error) ?? ''
    // A member that missed a generation still has its name; one that the coordinator does not know needs another.
    if (answer === 'UNKNOWN_MEMBER_ID' || answer === 'FENCED_INSTANCE_ID') this.#identity.memberId = ''
    this.#loseAll('the session with the group was lost', error)
    if (this.#leaving.signal.aborted || EXPELLED.has(answer) || answer === 'REBALANCE_IN_PROGRESS') return
    this.#connection.forget()
    const classified = classifyGroupError(error, 'read')
    if (!classified.retryable) throw classified
    const retryInMs = Math.min(RETRY_MS.first * 2 ** (attempt - 1), RETRY_MS.most)
    this.#request.onOutage(classified, retryInMs)
    await this.#pause(retryInMs, this.#leaving.signal)
  }

  #loseAll(reason: string, cause?: unknown): void {
    for (const assignment of this.#assignments.values()) assignment.lose(reason, cause)
    this.#assignments = new Map()
    this.#changed()
  }

  /** A group that does not hear of it waits for the session's end, and nothing else. */
  async #goodbye(): Promise<void> {
    const { group: groupId, sessionMs } = this.#terms
    const { memberId } = this.#identity
    const leave = async (): Promise<void> => {
      if (memberId === '') return
      const coordinator = await this.#connection.coordinator()
      await coordinator.leaveGroup({ groupId, memberId })
    }
    await within(leave(), sessionMs).catch(() => undefined)
    await this.#connection.close().catch(() => undefined)
  }

  #changed(): void {
    for (const wake of this.#waiting) wake()
  }

  #heartbeatPause(signal: AbortSignal): Promise<void> {
    const ms = Math.min(this.#terms.sessionMs / HEARTBEATS, MAX_HEARTBEAT_MS)
    return this.#pause(ms, signal, (wake) => {
      this.#wakeHeart = wake
      return () => (this.#wakeHeart = () => undefined)
    })
  }

  #pause(
    ms: number,
    signal: AbortSignal,
    register: (wake: () => void) => () => unknown = () => () => undefined,
  ): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        forget()
        resolve()
      }
      const timer = setTimeout(wake, signal.aborted ? 0 : ms)
      signal.addEventListener('abort', wake)
      const forget = register(wake)
    })
  }
}
