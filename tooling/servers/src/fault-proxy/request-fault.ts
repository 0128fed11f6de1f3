import type { FramedChunk, KafkaFrame } from './kafka-frames.ts'
import { kafkaApiKeys, type KafkaApi } from './kafka-api.ts'

/** Which request a fault is for, of those sent from now on. */
export type ChosenRequest =
  /** The n-th; a request is what a client sends before it is answered, on a proxy of Kafka one of its requests. */
  | { readonly requests: number }
  /** The first in which this text appears, within one chunk of bytes. */
  | { readonly containing: string }
  /** On a proxy of Kafka: the first of this name, and in which the text appears. */
  | { readonly kafka: KafkaApi; readonly containing?: string }

/** Which reply is to be lost. */
export type LostReply =
  | ChosenRequest
  /** Exactly that many bytes still reach the server, counted over all connections; nothing comes back. */
  | { readonly bytes: number }

/** What becomes of the chosen request. */
export type RequestFaultKind = 'lose-request' | 'lose-reply' | 'silence' | 'cut-after-reply'

/** What a fault was found to be due for; the frame on a proxy of Kafka only. */
export interface DueRequest {
  readonly frame: KafkaFrame | undefined
}

/** Watches the traffic for the one moment at which a fault is due. */
export class RequestFault {
  readonly kind: RequestFaultKind
  readonly done: Promise<{ readonly droppedBytes: number }>
  /** False where the server cannot be expected to answer, as it may have got half a request. */
  readonly waitsForReply: boolean
  readonly #which: LostReply
  readonly #asking = new Set<object>()
  #remaining: number
  #resolve: (value: { readonly droppedBytes: number }) => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor(kind: RequestFaultKind, which: LostReply) {
    this.kind = kind
    this.#which = which
    this.waitsForReply = !('bytes' in which)
    this.#remaining = 'bytes' in which ? which.bytes : 'requests' in which ? which.requests : 1
    if (!Number.isSafeInteger(this.#remaining) || this.#remaining < 1) {
      throw new RangeError('a reply is lost after 1 or more requests or bytes')
    }
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** The request that the fault is for, when it is in this chunk of a connection. */
  dueIn(connection: object, { chunk, frames }: FramedChunk, framed: boolean): DueRequest | undefined {
    const which = this.#which
    if ('bytes' in which) {
      if (chunk.length >= this.#remaining) return { frame: undefined }
      this.#remaining -= chunk.length
      return undefined
    }
    const begun = frames.filter(({ begins }) => begins)
    if ('kafka' in which) {
      const { kafka, containing = '' } = which
      const frame = begun.find(
        ({ apiKey, at, end }) =>
          apiKey === kafkaApiKeys[kafka] && chunk.subarray(at, end).includes(containing),
      )
      return frame && { frame }
    }
    if ('containing' in which) {
      const found = chunk.indexOf(which.containing)
      return found < 0 ? undefined : { frame: frames.find(({ at, end }) => at <= found && found < end) }
    }
    return framed ? this.#countFrames(begun) : this.#countTurns(connection)
  }

  /** How much of the chunk that was due still goes to the server. */
  bytesToForward(chunk: Buffer): number {
    return 'bytes' in this.#which ? this.#remaining : chunk.length
  }

  /** The server has spoken: what the client sends next is a new request. */
  onReply(connection: object): void {
    this.#asking.delete(connection)
  }

  happened(droppedBytes: number): void {
    this.#resolve({ droppedBytes })
  }

  cancel(reason: string): void {
    this.#reject(new Error(reason))
  }

  #countFrames(begun: readonly KafkaFrame[]): DueRequest | undefined {
    const frame = begun[this.#remaining - 1]
    if (frame === undefined) this.#remaining -= begun.length
    return frame && { frame }
  }

  #countTurns(connection: object): DueRequest | undefined {
    if (this.#asking.has(connection)) return undefined
    this.#asking.add(connection)
    this.#remaining -= 1
    return this.#remaining === 0 ? { frame: undefined } : undefined
  }
}
