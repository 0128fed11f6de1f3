import { ByteReader, ByteWriter } from './byte-format.ts'

/*
 * What members and leader of a group tell each other, in the format of Kafka's own consumers, so that Kafka's
 * tools can show it. See https://kafka.apache.org/protocol (ConsumerProtocolSubscription, …Assignment).
 */

const VERSION = 0

/** Partitions that a member has had, in which generation of the group. */
export interface Holding {
  readonly generation: number
  readonly partitions: readonly number[]
}

const NOTHING: Holding = { generation: -1, partitions: [] }

export function encodeSubscription(topic: string, { generation, partitions }: Holding): Buffer {
  const held = new ByteWriter().int32(generation).int32(partitions.length)
  for (const partition of partitions) held.int32(partition)
  return new ByteWriter().int16(VERSION).int32(1).text(topic).bytes(held.toBuffer()).toBuffer()
}

/** What a member holds; `undefined` when it has not subscribed to `topic`. */
export function decodeSubscription(metadata: Buffer, topic: string): Holding | undefined {
  const reader = new ByteReader(metadata)
  reader.int16()
  if (!reader.list(() => reader.text()).includes(topic)) return undefined
  const held = reader.bytes()
  if (held.length === 0) return NOTHING
  const own = new ByteReader(held)
  return { generation: own.int32(), partitions: own.list(() => own.int32()) }
}

export function encodeAssignment(topic: string, partitions: readonly number[]): Buffer {
  const writer = new ByteWriter().int16(VERSION).int32(1).text(topic).int32(partitions.length)
  for (const partition of partitions) writer.int32(partition)
  return writer.bytes(Buffer.alloc(0)).toBuffer()
}

/** The partitions of `topic` that the leader has given; none when it gave nothing. */
export function decodeAssignment(assignment: Buffer, topic: string): readonly number[] {
  if (assignment.length < 2) return []
  const reader = new ByteReader(assignment)
  reader.int16()
  const topics = reader.list(() => ({ name: reader.text(), partitions: reader.list(() => reader.int32()) }))
  return topics.find(({ name }) => name === topic)?.partitions ?? []
}
