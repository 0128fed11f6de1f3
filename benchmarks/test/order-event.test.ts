import { describe, expect, it } from 'vitest'
import { orderData, orderMetadata } from '../src/workload/order-event.ts'

describe('the event of the workloads', () => {
  it('has 239 bytes of data and 112 of metadata, whatever its number', () => {
    for (const number of [0, 7, 99_999_999, 100_000_000, 1_234_567_890]) {
      expect(Buffer.byteLength(JSON.stringify(orderData(number)))).toBe(239)
      expect(Buffer.byteLength(JSON.stringify(orderMetadata(number)))).toBe(112)
    }
  })
})
