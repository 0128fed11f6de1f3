/** What is done to two stores alike. */
export type Step =
  | {
      readonly kind: 'append'
      readonly streamId: string
      readonly expected: number
      readonly numbers: readonly number[]
    }
  | { readonly kind: 'read'; readonly streamId: string }
  | { readonly kind: 'read-by-tags'; readonly streamId: string; readonly number: number }

const STREAMS = 4
const MOST_EVENTS = 3

/** Steps that follow from a seed and from what was appended so far. */
export function randomScript(seed: number) {
  const random = generator(seed)
  const versions = new Map<string, number>()
  let number = 0
  const below = (limit: number): number => Math.floor(random() * limit)
  return {
    next(): Step {
      const streamId = `cart:${below(STREAMS)}`
      const kind = random()
      if (kind < 0.25) return { kind: 'read', streamId }
      if (kind < 0.4) return { kind: 'read-by-tags', streamId, number: below(2) }
      const numbers = Array.from({ length: 1 + below(MOST_EVENTS) }, () => ++number)
      return { kind: 'append', streamId, expected: expectedOf(versions.get(streamId) ?? 0), numbers }
    },
    /** To be told of each append that was accepted. */
    appended(streamId: string, events: number): void {
      versions.set(streamId, (versions.get(streamId) ?? 0) + events)
    },
  }

  /** Mostly right; else new, stale or ahead. */
  function expectedOf(version: number): number {
    const kind = random()
    if (kind < 0.55) return version
    if (kind < 0.7) return 0
    if (kind < 0.85) return below(version + 1)
    return version + 1 + below(3)
  }
}

/** Numbers from 0 up to 1 that a seed decides: mulberry32, by Tommy Ettinger, in the public domain. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
