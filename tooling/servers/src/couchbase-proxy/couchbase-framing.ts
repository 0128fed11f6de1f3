/** What a client asks for beside the operation. */
export interface FramingExtras {
  readonly durability: CouchbaseDurability | undefined
  readonly preserveExpiry: boolean
}

const levels = ['majority', 'majorityAndPersistToActive', 'persistToMajority'] as const

/** A durability level, by the name that the vendor's clients give it. */
export type CouchbaseDurability = (typeof levels)[number]

const durabilityId = 1
const preserveExpiryId = 5
/** In half a byte: the number is this plus the next byte. */
const escape = 15

/** Reads https://github.com/couchbase/kv_engine/blob/master/docs/BinaryProtocol.md#request-header-with-flexible-framing-extras */
export function readFraming(framing: Buffer): FramingExtras {
  let durability: CouchbaseDurability | undefined
  let preserveExpiry = false
  let at = 0
  while (at < framing.length) {
    const first = framing.readUInt8(at)
    at += 1
    let id = first >> 4
    let length = first & 0x0f
    if (id === escape) id += framing.readUInt8(at++)
    if (length === escape) length += framing.readUInt8(at++)
    if (id === durabilityId) durability = levels[framing.readUInt8(at) - 1]
    if (id === preserveExpiryId) preserveExpiry = true
    at += length
  }
  return { durability, preserveExpiry }
}
