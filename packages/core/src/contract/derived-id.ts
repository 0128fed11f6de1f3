import { createHash } from 'node:crypto'

/** The UUIDv5 namespace of the ids of parts; made for this and used for nothing else. */
const NAMESPACE = Buffer.from('b0a8b1d5c6f14f0e9a3e5d7c2f4168ab', 'hex')

/**
 * The id of the part at `index` (from 1) of a stored event: a UUIDv5, so that every reader knows the part by
 * the same id.
 */
export function derivedId(eventId: string, index: number): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(`${eventId}\n${index}`).digest().subarray(0, 16)
  // RFC 9562: version 5 in the seventh byte, variant 10 in the ninth.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
