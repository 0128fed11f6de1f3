const LAST_CODE_POINT = 0x10ffff

/**
 * The least string, by UTF-8 bytes, above all strings that start with `prefix`; `undefined` when there is none. By it a
 * prefix is a range of keys, whatever characters it holds.
 */
export function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    // The order of UTF-8 bytes is that of code points. Surrogates are not code points of their own.
    if (last < LAST_CODE_POINT) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
  }
  return undefined
}
