import { randomFillSync } from 'node:crypto'

// Random bytes are drawn for many ids at once: a call for each costs more than the rest of the id.
const POOL_IDS = 256
const pool = Buffer.alloc(POOL_IDS * 10)
let used = POOL_IDS
let lastMs = 0
let counter = 0

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * A UUIDv7 (RFC 9562, 5.7) whose 12 bits behind the milliseconds count up within one, so that ids of one
 * process sort as they were made. A clock that steps back does not turn the order round.
 */
export function uuidv7(): string {
  if (used === POOL_IDS) {
    randomFillSync(pool)
    used = 0
  }
  const offset = used++ * 10
  const now = Date.now()
  if (now > lastMs) {
    lastMs = now
    // Starts low, so that the count seldom overflows into the milliseconds.
    counter = pool.readUInt8(offset)
  } else if (++counter > 0xfff) {
    lastMs++
    counter = 0
  }
  const time = lastMs.toString(16).padStart(12, '0')
  const variant = ((pool.readUInt16BE(offset + 1) & 0x3fff) | 0x8000).toString(16)
  const version = (0x7000 | counter).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${pool.toString('hex', offset + 3, offset + 9)}`
}

/** A UUID of any version in its canonical lower-case form. */
export function isUuid(value: string): boolean {
  return UUID.test(value)
}
