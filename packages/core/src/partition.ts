import { invalidArgument } from './error.ts'

/** The most partitions a store may have. */
const MAX_PARTITIONS = 1024

const SEED = 0x9747b28c
const M = 0x5bd1e995

/** Long enough for every stream id and event id; a buffer a call would cost more than the hash. */
const scratch = new Uint8Array(1024)
const encoder = new TextEncoder()

/**
 * MurmurHash2 of a string's UTF-8 bytes as an unsigned 32-bit number: the hash of Kafka's default
 * partitioner, so that a stream has the same partition in a store and in a topic of equal size.
 *
 * @see https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/utils/Utils.java
 */
export function murmur2(text: string): number {
  // A UTF-16 unit is at most 3 bytes of UTF-8.
  if (text.length * 3 <= scratch.length) return hashOf(scratch, encoder.encodeInto(text, scratch).written)
  const bytes = encoder.encode(text)
  return hashOf(bytes, bytes.length)
}

function hashOf(bytes: Uint8Array, length: number): number {
  // Every index is below `length`, which no array here is shorter than.
  const at = (index: number): number => bytes[index] ?? 0
  let hash = SEED ^ length
  let index = 0
  for (; index + 4 <= length; index += 4) {
    let k = at(index) | (at(index + 1) << 8) | (at(index + 2) << 16) | (at(index + 3) << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    k = Math.imul(k, M)
    hash = Math.imul(hash, M) ^ k
  }
  const rest = length - index
  if (rest > 0) {
    if (rest === 3) hash ^= at(index + 2) << 16
    if (rest >= 2) hash ^= at(index + 1) << 8
    hash = Math.imul(hash ^ at(index), M)
  }
  hash ^= hash >>> 13
  hash = Math.imul(hash, M)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** The feed partition of a stream (or of a document key) among `partitions`, a power of two. */
export function partitionOf(name: string, partitions: number): number {
  // Kafka clears the sign bit before the remainder; for a power of two the result is the same mask.
  return partitions === 1 ? 0 : (murmur2(name) & 0x7fffffff) % partitions
}

/** A power of two from 1 to 1,024. */
export function isPartitionCount(value: unknown): value is number {
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= 1 &&
    value <= MAX_PARTITIONS &&
    (value & (value - 1)) === 0
  )
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` unless a power of two from 1 to 1,024. */
export function checkPartitionCount(value: unknown, field = 'partitions'): asserts value is number {
  if (!isPartitionCount(value)) {
    throw invalidArgument(field, `must be a power of two from 1 to ${MAX_PARTITIONS}, got ${String(value)}`)
  }
}
