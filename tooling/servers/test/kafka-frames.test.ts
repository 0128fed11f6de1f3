import { describe, expect, it } from 'vitest'
import { KafkaFrames } from '../src/fault-proxy/kafka-frames.ts'

function request(apiKey: number, correlationId: number, bodyBytes: number): Buffer {
  const bytes = Buffer.alloc(12 + bodyBytes, 0xff)
  bytes.writeInt32BE(8 + bodyBytes, 0)
  bytes.writeInt16BE(apiKey, 4)
  bytes.writeInt16BE(7, 6)
  bytes.writeInt32BE(correlationId, 8)
  return bytes
}

const stream = Buffer.concat([request(0, 1, 30), request(26, 2, 0), request(3, 3, 7)])

describe('the frames of a connection to Kafka', () => {
  it('are found in one chunk, with their places', () => {
    const { chunk, frames } = new KafkaFrames('requests').take(stream)
    expect(chunk).toEqual(stream)
    expect(frames).toEqual([
      { at: 0, end: 42, begins: true, apiKey: 0, correlationId: 1 },
      { at: 42, end: 54, begins: true, apiKey: 26, correlationId: 2 },
      { at: 54, end: 73, begins: true, apiKey: 3, correlationId: 3 },
    ])
  })

  it('are the same wherever the chunks begin and end, and no byte is lost', () => {
    for (let size = 1; size <= stream.length; size += 1) {
      const direction = new KafkaFrames('requests')
      const parts: Buffer[] = []
      const begun: number[] = []
      for (let at = 0; at < stream.length; at += size) {
        const { chunk, frames } = direction.take(stream.subarray(at, at + size))
        parts.push(chunk)
        begun.push(...frames.filter(({ begins }) => begins).map(({ correlationId }) => correlationId))
      }
      expect(Buffer.concat(parts)).toEqual(stream)
      expect(begun).toEqual([1, 2, 3])
    }
  })

  it('go on in later chunks under their own number', () => {
    const direction = new KafkaFrames('requests')
    direction.take(stream.subarray(0, 20))
    expect(direction.take(stream.subarray(20, 50)).frames).toEqual([
      { at: 0, end: 22, begins: false, apiKey: 0, correlationId: 1 },
    ])
  })
})
