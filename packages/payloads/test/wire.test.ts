import { readFileSync } from 'node:fs'
import type { EncodedEvent } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { describe, expect, it } from 'vitest'
import { checkOut } from '../src/check-out.ts'
import { resolveOptions } from '../src/options.ts'
import { dataOfDocument, headOfDocument } from '../src/payload-document.ts'

interface Vector {
  readonly place: {
    readonly store: string
    readonly log: boolean
    readonly streamId: string
    readonly eventId: string
    readonly version: number | null
  }
  readonly codec: 0 | 1
  readonly data: string
  readonly nowMs: number
  readonly reference: string
  readonly key: string
  readonly value: string
}

const page = new URL('../../../docs/wire/payloads.json', import.meta.url)
// What the file holds is its own promise: every field is compared below.
const { payloads } = JSON.parse(readFileSync(page, 'utf8')) as { readonly payloads: readonly Vector[] }

const { documents, capabilities } = memory()
const options = resolveOptions({ documents, thresholdBytes: 0 }, capabilities)

describe('payloads of docs/wire.md', () => {
  it('are more than one', () => {
    expect(payloads.length).toBeGreaterThan(3)
  })

  it.each(payloads)(
    'are written as they are there: $key',
    ({ place, codec, data, nowMs, reference, key, value }) => {
      const event: EncodedEvent = {
        id: place.eventId,
        type: 'T',
        schemaVersion: 1,
        codec,
        data,
        metadata: '{}',
      }
      const out = checkOut(event, { ...place, version: place.version ?? undefined }, options, true)
      expect(out?.event).toEqual({ ...event, codec: 2, data: reference })
      expect(out?.writes.map((write) => write.key)).toEqual([key])
      const written = out?.writes[0]?.value ?? ''
      expect(written.replace(/"writtenAt":\d+/, `"writtenAt":${nowMs}`)).toBe(value)
    },
  )

  it.each(payloads)('are read as they are there, and in other words: $key', ({ value, data, key }) => {
    expect(dataOfDocument(value)).toBe(data)
    expect(dataOfDocument(JSON.stringify(JSON.parse(value), undefined, 2))).toBe(
      JSON.stringify(JSON.parse(data)),
    )
    expect(key).toContain(headOfDocument(value)?.digest)
  })

  it('are refused in an unknown format', () => {
    const value = '{"format":2,"data":1}'
    expect(() => dataOfDocument(value)).toThrow(expect.objectContaining({ code: 'STORE_INCOMPATIBLE' }))
    expect(headOfDocument(value)).toBeUndefined()
  })
})
