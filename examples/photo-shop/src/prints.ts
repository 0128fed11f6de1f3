import { defineEvents } from '@eventspine/core'
import { z } from 'zod'

/** What customers order. A photo is some tens to thousands of kilobytes, more than a stream should carry. */
export const prints = defineEvents('prints', {
  PrintsOrdered: z.object({
    customer: z.object({ name: z.string(), address: z.string() }),
    photos: z.array(z.object({ name: z.string(), jpeg: z.base64() })).min(1),
  }),
})

/** What travels with the event in the stream: all that billing needs, and how the lab knows a photo. */
export interface OrderFacts {
  readonly photos: number
  readonly cents: number
  /** SHA-256 of each photo, in hexadecimal digits. */
  readonly sha256: readonly string[]
}

/** Who ordered is kept apart from what was ordered, however small: it may have to be erased one day. */
export const segments = { personal: { select: ['customer'] } } as const

export const CENTS_EACH = 29
