import { describe, expect, it } from 'vitest'
import { assignPartitions } from '../src/groups/assign-partitions.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type Holding,
} from '../src/groups/member-metadata.ts'

const nothing: Holding = { generation: -1, partitions: [] }

function divided(
  members: Readonly<Record<string, Holding>>,
  partitions: number,
): Record<string, readonly number[]> {
  return Object.fromEntries(assignPartitions(new Map(Object.entries(members)), partitions))
}

describe('dividing partitions among members', () => {
  it('gives a single member all', () => {
    expect(divided({ a: nothing }, 3)).toEqual({ a: [0, 1, 2] })
  })

  it('takes from a member only what a new one needs', () => {
    const shares = divided({ a: { generation: 4, partitions: [0, 1, 2, 3] }, b: nothing }, 4)
    expect(shares).toEqual({ a: [0, 1], b: [2, 3] })
  })

  it('leaves all others as they are when a member has gone', () => {
    const shares = divided(
      { a: { generation: 7, partitions: [5, 1] }, c: { generation: 7, partitions: [2, 3] } },
      6,
    )
    expect(shares['a']).toEqual([1, 5, 0])
    expect(shares['c']).toEqual([2, 3, 4])
  })

  it('believes the later generation of two that claim the same partition', () => {
    const shares = divided(
      { a: { generation: 2, partitions: [0] }, b: { generation: 3, partitions: [0] } },
      2,
    )
    expect(shares).toEqual({ a: [1], b: [0] })
  })

  it('leaves members over without partitions, and gives each partition to exactly one', () => {
    for (let members = 1; members <= 9; members++) {
      const names = Array.from({ length: members }, (_, index) => [`member-${index}`, nothing] as const)
      const shares = Object.values(divided(Object.fromEntries(names), 8))
      expect(shares.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
      const sizes = shares.map((share) => share.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }
  })

  it('passes over partitions that the topic has not', () => {
    expect(divided({ a: { generation: 1, partitions: [9] } }, 1)).toEqual({ a: [0] })
  })
})

describe('what members and leader tell each other', () => {
  it('is read as it was written', () => {
    const held: Holding = { generation: 12, partitions: [3, 0, 1023] }
    expect(decodeSubscription(encodeSubscription('orders', held), 'orders')).toEqual(held)
    expect(decodeAssignment(encodeAssignment('orders', [5, 6]), 'orders')).toEqual([5, 6])
  })

  it('is what consumers of Kafka write, byte for byte', () => {
    expect(encodeAssignment('t', [1]).toString('hex')).toBe(
      // version, topics, name, partitions, partition, no user data
      ['0000', '00000001', '000174', '00000001', '00000001', '00000000'].join(''),
    )
    expect(encodeSubscription('t', nothing).toString('hex')).toBe(
      // version, topics, name, user data of 8 bytes
      ['0000', '00000001', '000174', '00000008', 'ffffffff', '00000000'].join(''),
    )
  })

  it('gives members of other topics nothing', () => {
    expect(decodeSubscription(encodeSubscription('bills', nothing), 'orders')).toBeUndefined()
    expect(decodeAssignment(encodeAssignment('bills', [1]), 'orders')).toEqual([])
    expect(decodeAssignment(Buffer.alloc(0), 'orders')).toEqual([])
  })
})
