/** One request or reply that begins in a chunk, or goes on in it. */
export interface KafkaFrame {
  /** Where in the chunk it begins; 0 for one that goes on. */
  readonly at: number
  /** Where in the chunk it ends; beyond the chunk for one that goes on. */
  readonly end: number
  readonly begins: boolean
  /** Ties a reply to its request: https://kafka.apache.org/protocol.html#protocol_messages */
  readonly correlationId: number
  /** What is asked; meaningless for a reply. */
  readonly apiKey: number
}

/** A chunk cut so that no header is in two of them. */
export interface FramedChunk {
  readonly chunk: Buffer
  readonly frames: readonly KafkaFrame[]
}

const sizeBytes = 4
const nothing = Buffer.alloc(0)

/** Finds requests or replies in one direction of a connection to Kafka, wherever its chunks begin and end. */
export class KafkaFrames {
  readonly #direction: 'requests' | 'replies'
  readonly #headerBytes: number
  /** The first bytes of a header whose others have not arrived. */
  #carried: Buffer = nothing
  #current: { readonly correlationId: number; readonly apiKey: number } | undefined
  /** Of the current frame, still to arrive. */
  #remaining = 0

  constructor(direction: 'requests' | 'replies') {
    this.#direction = direction
    this.#headerBytes = direction === 'requests' ? 12 : 8
  }

  take(arrived: Buffer): FramedChunk {
    const all = this.#carried.length === 0 ? arrived : Buffer.concat([this.#carried, arrived])
    const frames: KafkaFrame[] = []
    let at = 0
    if (this.#current !== undefined && this.#remaining > 0) {
      frames.push({ at, end: this.#remaining, begins: false, ...this.#current })
      at = this.#remaining
    }
    while (at + this.#headerBytes <= all.length) {
      this.#current = this.#readHeader(all, at)
      const end = at + sizeBytes + all.readInt32BE(at)
      frames.push({ at, end, begins: true, ...this.#current })
      at = end
    }
    const chunk = all.subarray(0, Math.min(at, all.length))
    this.#carried = all.subarray(chunk.length)
    this.#remaining = at - chunk.length
    return { chunk, frames }
  }

  #readHeader(bytes: Buffer, at: number): { correlationId: number; apiKey: number } {
    const body = at + sizeBytes
    if (this.#direction === 'replies') return { correlationId: bytes.readInt32BE(body), apiKey: -1 }
    return { apiKey: bytes.readInt16BE(body), correlationId: bytes.readInt32BE(body + 4) }
  }
}
