import { describe, expect, it } from 'vitest'
import { differenceSpread, quantile, ratioSpread, spreadOf } from '../src/harness/statistics.ts'

describe('spreadOf', () => {
  it('takes the middle value of an odd count, whatever their order', () => {
    expect(spreadOf([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 })
  })

  it('takes the mean of the two middle values of an even count', () => {
    expect(spreadOf([4, 1, 2, 100])).toEqual({ median: 3, min: 1, max: 100 })
  })

  it('sorts by size, not by text', () => {
    expect(spreadOf([10, 9, 100]).median).toBe(10)
  })

  it('leaves what it is given as it was', () => {
    const values = [3, 1, 2]
    spreadOf(values)
    expect(values).toEqual([3, 1, 2])
  })

  it('refuses to make a median of nothing', () => {
    expect(() => spreadOf([])).toThrow(RangeError)
  })
})

describe('ratioSpread', () => {
  it('divides within each round, so that a slow round of both counts as neither', () => {
    expect(ratioSpread([200, 20], [100, 10])).toEqual({ median: 2, min: 2, max: 2 })
  })

  it('is the median of ratios, not the ratio of medians', () => {
    expect(ratioSpread([10, 10, 90], [1, 10, 10]).median).toBe(9)
  })

  it('refuses rounds that do not pair', () => {
    expect(() => ratioSpread([1, 2], [1])).toThrow('2 values cannot be paired with 1')
  })
})

describe('differenceSpread', () => {
  it('subtracts within each round', () => {
    expect(differenceSpread([5, 9], [3, 4])).toEqual({ median: 3.5, min: 2, max: 5 })
  })
})

describe('quantile', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1)

  it('is a value that was measured, by nearest rank', () => {
    expect(quantile(hundred, 0.5)).toBe(50)
    expect(quantile(hundred, 0.99)).toBe(99)
    expect(quantile(hundred, 1)).toBe(100)
    expect(quantile([7], 0.01)).toBe(7)
  })

  it('does not let few values hide the slowest', () => {
    expect(quantile([1, 2, 50], 0.99)).toBe(50)
  })

  it('refuses shares that are none, and no values', () => {
    expect(() => quantile(hundred, 0)).toThrow(RangeError)
    expect(() => quantile(hundred, 1.1)).toThrow(RangeError)
    expect(() => quantile(hundred, NaN)).toThrow(RangeError)
    expect(() => quantile([], 0.5)).toThrow(RangeError)
  })
})
