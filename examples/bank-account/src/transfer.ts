import { defineEvents } from '@eventspine/core'
import { z } from 'zod'

/** What can happen to a transfer of money from one account to another. */
export const transfer = defineEvents('transfer', {
  TransferRequested: z.object({
    from: z.string().min(1),
    to: z.string().min(1),
    cents: z.number().int().positive(),
  }),
  TransferCompleted: z.object({}),
  TransferFailed: z.object({ code: z.string(), reason: z.string() }),
})
