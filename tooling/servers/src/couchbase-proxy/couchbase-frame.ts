/** Requests that carry framing extras, such as a durability level, and replies that do. */
const flexibleMagics: ReadonlySet<number> = new Set([0x08, 0x18])
const headerBytes = 24
const nothing = Buffer.alloc(0)

/** One request or reply: https://github.com/couchbase/kv_engine/blob/master/docs/BinaryProtocol.md */
export interface CouchbaseFrame {
  readonly bytes: Buffer
  readonly opcode: number
  /** Of a reply; of a request it is a partition number. */
  readonly status: number
  readonly datatype: number
  /** Ties a reply to its request. */
  readonly opaque: number
  readonly framing: Buffer
  readonly key: Buffer
  readonly value: Buffer
}

/** Puts the chunks of one direction together to whole frames. */
export class CouchbaseFrames {
  #carried: Buffer = nothing

  take(chunk: Buffer): readonly CouchbaseFrame[] {
    let rest = this.#carried.length === 0 ? chunk : Buffer.concat([this.#carried, chunk])
    const frames: CouchbaseFrame[] = []
    while (rest.length >= headerBytes) {
      const end = headerBytes + rest.readUInt32BE(8)
      if (rest.length < end) break
      frames.push(parseFrame(rest.subarray(0, end)))
      rest = rest.subarray(end)
    }
    this.#carried = rest
    return frames
  }
}

function parseFrame(bytes: Buffer): CouchbaseFrame {
  const isFlexible = flexibleMagics.has(bytes.readUInt8(0))
  const framingLength = isFlexible ? bytes.readUInt8(2) : 0
  const keyLength = isFlexible ? bytes.readUInt8(3) : bytes.readUInt16BE(2)
  const extras = headerBytes + framingLength
  const key = extras + bytes.readUInt8(4)
  const value = key + keyLength
  return {
    bytes,
    opcode: bytes.readUInt8(1),
    datatype: bytes.readUInt8(5),
    status: bytes.readUInt16BE(6),
    opaque: bytes.readUInt32BE(12),
    framing: bytes.subarray(headerBytes, extras),
    key: bytes.subarray(key, value),
    value: bytes.subarray(value),
  }
}

/** The same frame with another value. */
export function withValue({ bytes, value }: CouchbaseFrame, replacement: Buffer): Buffer {
  const before = Buffer.from(bytes.subarray(0, bytes.length - value.length))
  before.writeUInt32BE(before.length - headerBytes + replacement.length, 8)
  return Buffer.concat([before, replacement])
}
