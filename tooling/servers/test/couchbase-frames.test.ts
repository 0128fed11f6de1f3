import { describe, expect, it } from 'vitest'
import { hasClusterMap, mapThroughPort } from '../src/couchbase-proxy/cluster-map.ts'
import { CouchbaseFrames, withValue } from '../src/couchbase-proxy/couchbase-frame.ts'
import { readFraming } from '../src/couchbase-proxy/couchbase-framing.ts'
import { requestOf } from '../src/couchbase-proxy/couchbase-request.ts'

interface Parts {
  readonly magic: number
  readonly opcode: number
  readonly framing?: readonly number[]
  readonly extras?: number
  readonly key: Buffer
  readonly value?: string
  readonly status?: number
}

function frameOf({ magic, opcode, framing = [], extras = 0, key, value = '', status = 0 }: Parts): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt8(magic, 0)
  header.writeUInt8(opcode, 1)
  if (framing.length > 0) {
    header.writeUInt8(framing.length, 2)
    header.writeUInt8(key.length, 3)
  } else {
    header.writeUInt16BE(key.length, 2)
  }
  header.writeUInt8(extras, 4)
  header.writeUInt16BE(status, 6)
  const body = Buffer.concat([Buffer.from(framing), Buffer.alloc(extras), key, Buffer.from(value)])
  header.writeUInt32BE(body.length, 8)
  header.writeUInt32BE(7, 12)
  return Buffer.concat([header, body])
}

function parse(bytes: Buffer) {
  const [frame, ...rest] = new CouchbaseFrames().take(bytes)
  if (frame === undefined || rest.length > 0) throw new Error('one frame was given')
  return frame
}

describe('frames of Couchbase', () => {
  it('are found wherever chunks begin and end', () => {
    const one = frameOf({ magic: 0x80, opcode: 0x02, extras: 8, key: Buffer.from('one'), value: '{}' })
    const two = frameOf({ magic: 0x08, opcode: 0xd1, framing: [0x11, 1], key: Buffer.from('two') })
    const all = Buffer.concat([one, two, one])
    for (let chunkBytes = 1; chunkBytes <= all.length; chunkBytes += 1) {
      const frames = new CouchbaseFrames()
      const found = []
      for (let at = 0; at < all.length; at += chunkBytes) {
        found.push(...frames.take(all.subarray(at, at + chunkBytes)))
      }
      expect(found.map(({ key }) => key.toString())).toEqual(['one', 'two', 'one'])
      expect(found.map(({ opaque }) => opaque)).toEqual([7, 7, 7])
      expect(Buffer.concat(found.map(({ bytes }) => bytes)).equals(all)).toBe(true)
    }
  })

  it('tell the operation, its key without the number of a collection, and what goes with it', () => {
    const framing = [0x13, 2, 0x03, 0xe8, 0x50]
    const bytes = frameOf({ magic: 0x08, opcode: 0x01, framing, extras: 8, key: Buffer.from('\u0008k') })
    expect(requestOf(parse(bytes), true)).toMatchObject({
      operation: 'upsert',
      key: 'k',
      durability: 'majorityAndPersistToActive',
      preserveExpiry: true,
    })
    expect(requestOf(parse(bytes), false)?.key).toBe('\u0008k')
    const long = frameOf({ magic: 0x80, opcode: 0x00, key: Buffer.from([0x80, 0x80, 0x01, 0x6b]) })
    expect(requestOf(parse(long), true)?.key).toBe('k')
    expect(requestOf(parse(frameOf({ magic: 0x80, opcode: 0x1f, key: Buffer.from('hello') })), true)).toBe(
      undefined,
    )
  })

  it('may carry extras that are not known, with numbers and lengths of more than half a byte', () => {
    expect(
      readFraming(Buffer.from([0xff, 3, 1, ...Array.from({ length: 16 }, () => 0x11), 0x11, 3])),
    ).toEqual({
      durability: 'persistToMajority',
      preserveExpiry: false,
    })
    expect(readFraming(Buffer.alloc(0))).toEqual({ durability: undefined, preserveExpiry: false })
  })

  it('keep all but the value when that is replaced', () => {
    const frame = parse(frameOf({ magic: 0x81, opcode: 0xb5, key: Buffer.from('bucket'), value: 'short' }))
    const replaced = parse(withValue(frame, Buffer.from('a longer value')))
    expect(replaced.value.toString()).toBe('a longer value')
    expect(replaced.key.toString()).toBe('bucket')
    expect(replaced.opaque).toBe(7)
  })
})

describe('a cluster map', () => {
  const map = {
    rev: 3,
    nodes: [{ hostname: '127.0.0.1:8091', ports: { direct: 11_210, proxy: 0 } }],
    nodesExt: [{ services: { kv: 11_210, mgmt: 8091 }, hostname: '127.0.0.1' }],
    vBucketServerMap: { serverList: ['127.0.0.1:11210'], vBucketMap: [[0], [0]] },
  }

  it('is told to go through the port of a proxy, and nothing else of it changes', () => {
    expect(JSON.parse(mapThroughPort(JSON.stringify(map), 9))).toEqual({
      rev: 3,
      nodes: [{ hostname: '127.0.0.1:8091', ports: { direct: 9, proxy: 0 } }],
      nodesExt: [{ services: { kv: 9, mgmt: 8091 }, hostname: '127.0.0.1' }],
      vBucketServerMap: { serverList: ['127.0.0.1:9'], vBucketMap: [[0], [0]] },
    })
  })

  it('of several nodes is refused: clients would go past the proxy', () => {
    const two = { ...map, vBucketServerMap: { serverList: ['127.0.0.1:1', '127.0.0.1:2'] } }
    expect(() => mapThroughPort(JSON.stringify(two), 9)).toThrow('not of 2')
  })

  it('comes when it is asked for, and with the refusal of what another node is to get', () => {
    const reply = (opcode: number, status: number, value: string): boolean =>
      hasClusterMap(parse(frameOf({ magic: 0x81, opcode, status, key: Buffer.alloc(0), value })))
    expect(reply(0xb5, 0, '{}')).toBe(true)
    expect(reply(0x02, 7, '{}')).toBe(true)
    expect(reply(0x02, 7, '')).toBe(false)
    expect(reply(0x00, 0, '{}')).toBe(false)
  })
})
