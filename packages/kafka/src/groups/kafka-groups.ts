import { setTimeout as delay } from 'node:timers/promises'
import type { GroupAdapter, GroupMember, GroupPartition, GroupRequest } from '@eventspine/core'
import { withAdmin } from '../topic.ts'
import { classifyGroupError } from './group-error.ts'
import { KafkaGroupMember, type MemberTerms } from './kafka-group-member.ts'
import { decodeAssignment } from './member-metadata.ts'
import { decodeOffset } from './offset-metadata.ts'

const ANSWER_MS = 5000
const RETRY_MS = 50

/** Kafka's own groups as owners of a topic's partitions. */
export class KafkaGroups implements GroupAdapter {
  readonly #terms: MemberTerms

  constructor(terms: MemberTerms) {
    this.#terms = terms
  }

  doJoin(request: GroupRequest): GroupMember {
    return new KafkaGroupMember(this.#terms, request)
  }

  async doReadGroup(group: string): Promise<readonly GroupPartition[]> {
    const deadlineMs = performance.now() + ANSWER_MS
    for (;;) {
      try {
        return await this.#readGroup(group)
      } catch (error) {
        const classified = classifyGroupError(error, 'read')
        if (!classified.retryable || performance.now() > deadlineMs) throw classified
        // Brokers that have just started, or whose first group it is, take a moment to agree on who speaks for it.
        await delay(RETRY_MS)
      }
    }
  }

  async #readGroup(group: string): Promise<readonly GroupPartition[]> {
    const { client, topic, partitions, incarnation } = this.#terms
    return withAdmin(client, async (admin) => {
      const [offsets, { groups }] = await Promise.all([
        admin.fetchOffsets({ groupId: group, topics: [topic] }),
        admin.describeGroups([group]),
      ])
      const committed = offsets.find((each) => each.topic === topic)?.partitions ?? []
      const owned = new Set(
        groups.flatMap(({ members }) =>
          members.flatMap(({ memberAssignment }) => decodeAssignment(memberAssignment, topic)),
        ),
      )
      return Array.from({ length: partitions }, (_, partition) => {
        const found = committed.find((each) => each.partition === partition)
        return {
          checkpoint:
            found === undefined ? undefined : decodeOffset(found.offset, found.metadata, incarnation),
          owned: owned.has(partition),
        }
      })
    })
  }
}
