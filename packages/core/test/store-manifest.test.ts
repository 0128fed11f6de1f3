import { describe, expect, it } from 'vitest'
import { checkManifest, createManifest } from '../src/store-manifest.ts'

describe('createManifest', () => {
  it('takes powers of two from 1 to 1,024 as partition counts, and refuses all else by name', () => {
    for (let partitions = 1; partitions <= 1024; partitions *= 2) {
      expect(checkManifest(createManifest(partitions), { partitions }).partitions).toBe(partitions)
    }
    // What a program without types could pass.
    for (const partitions of [0, -1, 3, 6, 1023, 2048, 1.5, Number.NaN, Infinity, '4', null] as number[]) {
      expect(() => createManifest(partitions)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'partitions' }),
      )
    }
  })

  it('gives every store an incarnation of its own', () => {
    const incarnations = Array.from({ length: 100 }, () => createManifest().incarnation)
    expect(new Set(incarnations).size).toBe(100)
    expect(incarnations.every((incarnation) => /^[0-9a-f]{16}$/.test(incarnation))).toBe(true)
  })

  it('is refused when it is opened with another partition count than it was created with', () => {
    expect(() => checkManifest(createManifest(4), { partitions: 8 })).toThrow(
      expect.objectContaining({ code: 'STORE_INCOMPATIBLE' }),
    )
  })
})
