import { createCipheriv, createHash } from 'node:crypto'
import type { PublishEvent } from '@eventspine/core'
import { CENTS_EACH, type OrderFacts, prints } from './prints.ts'

const FIRST_NAMES = ['Ada', 'Barbara', 'Edsger', 'Grace', 'Leslie', 'Niklaus'] as const
const SMALLEST_PHOTO = 20_000
/** Above what DynamoDB takes as an item, and near what Kafka takes as a message. */
const LARGEST_PHOTO = 900_000

/** The order of a number: the same seed gives the same orders, photos, ids and all. */
export function orderOf(run: string, seed: number, number: number): PublishEvent {
  const dice = createHash('sha256').update(`${seed} ${number}`).digest()
  const count = 1 + (dice.readUInt8(0) % 3)
  const photos = Array.from({ length: count }, (_, index) => photoOf(seed, number, index))
  const facts: OrderFacts = {
    photos: count,
    cents: count * CENTS_EACH,
    sha256: photos.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex')),
  }
  const name = FIRST_NAMES[dice.readUInt8(1) % FIRST_NAMES.length] ?? 'Ada'
  const event = prints.event(
    'PrintsOrdered',
    {
      customer: { name, address: `${1 + dice.readUInt8(2)} Main Street` },
      photos: photos.map(({ bytes }, index) => ({
        name: `photo-${index + 1}.jpg`,
        jpeg: bytes.toString('base64'),
      })),
    },
    { id: idOf(run, number), metadata: { ...facts } },
  )
  return { ...event, streamId: prints.stream(`${run}-${number}`) }
}

/** The same again after a kill, so that an order which is sent twice is known for one. */
function idOf(run: string, number: number): string {
  const hex = createHash('sha256').update(`${run} ${number}`).digest('hex')
  // As RFC 9562 has it for ids that applications make themselves: version 8, variant 10.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** As good as any: bytes that do not compress, as those of a JPEG. */
function photoOf(seed: number, number: number, index: number): { readonly bytes: Buffer } {
  const key = createHash('sha256').update(`${seed} ${number} ${index}`).digest()
  // Most photos are small, some are large.
  const share = (key.readUInt16BE(0) / 65_536) ** 4
  const size = Math.floor(SMALLEST_PHOTO + share * (LARGEST_PHOTO - SMALLEST_PHOTO))
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return { bytes: cipher.update(Buffer.alloc(size)) }
}
