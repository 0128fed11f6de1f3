import { describe, expect, it } from 'vitest'
import { parseProcessTimes } from '../src/harness/server-cpu.ts'

describe('parseProcessTimes', () => {
  it('reads parent and times behind a name that holds spaces and parentheses', () => {
    const text =
      '4242 (postgres: io) x) S 17 4242 4242 0 -1 4194560 900 80 7 6 31 12 5 3 20 0 1 0 55 1000 200 18446\n'
    expect(parseProcessTimes(text)).toEqual({ pid: 4242, parent: 17, ownTicks: 43, endedChildrenTicks: 8 })
  })
})
