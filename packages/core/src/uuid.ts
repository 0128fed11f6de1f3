import { randomFillSync } from 'node:crypto'

// Random bytes are drawn for many ids at once: a call for each costs more than the rest of the id.
const POOL_IDS = 256
const RANDOM_BYTES = 10
const pool = Buffer.alloc(POOL_IDS * RANDOM_BYTES)
let poolHex = ''
let used = POOL_IDS
let lastMs = 0
let timeHex = ''
let counter = 0

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * A UUIDv7 (RFC 9562, 5.7) whose 12 bits behind the milliseconds count up within one, so that ids of one
 * process sort as they were made. A clock that steps back does not turn the order round.
 */
export function uuidv7(): string {
  if (used === POOL_IDS) {
    poolHex = randomFillSync(pool).toString('hex')
    used = 0
  }
  const offset = used++ * RANDOM_BYTES
  const now = Date.now()
  if (now > lastMs) {
    // Starts low, so that the count seldom overflows into the milliseconds.
    startMs(now, pool.readUInt8(offset))
  } else if (++counter > 0xfff) {
    startMs(lastMs + 1, 0)
  }
  const variant = VARIANTS[pool.readUInt8(offset + 1) & 3] ?? '8'
  const hex = offset * 2
  const clock = (0x7000 | counter).toString(16)
  return `${timeHex}-${clock}-${variant}${poolHex.slice(hex + 4, hex + 7)}-${poolHex.slice(hex + 7, hex + 19)}`
}

// The two bits of the variant and two random ones.
const VARIANTS = ['8', '9', 'a', 'b'] as const

function startMs(ms: number, count: number): void {
  lastMs = ms
  counter = count
  const hex = ms.toString(16).padStart(12, '0')
  timeHex = `${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** A UUID of any version in its canonical lower-case form. */
export function isUuid(value: string): boolean {
  return UUID.test(value)
}
