import { invalidArgument } from '@eventspine/core'
import { checkPrefix, PartitionKeys } from '../keys.ts'

/** What the keys of a stream begin with: behind a sign that no prefix of a store has, the topic. */
export function streamPrefix(prefix: string, topic: unknown): string {
  checkPrefix(prefix)
  checkPrefix(topic, 'topic')
  const both = `${prefix}~${topic}`
  if (both.length > 100)
    throw invalidArgument('topic', 'must have at most 100 characters together with the prefix')
  return both
}

/** The keys of one partition of a log, in one slot with its documents. */
export class LogKeys {
  readonly documents: PartitionKeys
  /** The Redis Stream. */
  readonly log: string
  /** The last sequence. */
  readonly head: string
  /** The last sequence that was trimmed, and the id of its event. */
  readonly trimmed: string
  /** What groups without order have given up. */
  readonly parked: string
  readonly #base: string

  constructor(prefix: string, partition: number) {
    this.#base = `{${prefix}:${partition}}:`
    this.documents = new PartitionKeys(prefix, partition)
    this.log = `${this.#base}log`
    this.head = `${this.#base}head`
    this.trimmed = `${this.#base}trimmed`
    this.parked = `${this.#base}parked`
  }

  /** What a relay remembers of one partition of its source. */
  relay(relay: string, incarnation: string, partition: number): string {
    return `${this.#base}r:${incarnation}:${partition}:${relay}`
  }

  /** The partition count of a relay's source. */
  relaySource(relay: string, incarnation: string): string {
    return `${this.#base}r:${incarnation}:${relay}`
  }
}
