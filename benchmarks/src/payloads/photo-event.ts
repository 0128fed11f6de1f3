import type { NewEvent } from '@eventspine/core'
import { randomUUID } from 'node:crypto'

/** About 4 KB of JSON, of which no two are alike. */
export function largeData(number: number): { readonly totalCents: number; readonly text: string } {
  return {
    totalCents: 12_990,
    text: `${String(number).padStart(8, '0')} ${'lorem ipsum dolor '.repeat(226)}`,
  }
}

export function largeEvent(number: number): NewEvent {
  return { id: randomUUID(), type: 'PhotoTaken', data: largeData(number) }
}
