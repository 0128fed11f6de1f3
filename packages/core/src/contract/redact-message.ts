/** Leaves of a value that are looked for in a message; above, the message is dropped altogether. */
const MAX_LEAVES = 1000
const MAX_CHARACTERS = 300

/**
 * A schema's message without the data that it was given: some libraries quote what they received
 * (`Expected number but received "4711 0815"`), and messages end up in logs.
 *
 * Every string and number within `value` that the message holds as a word of its own is replaced by
 * `<value>`. Numbers behind a comparison sign are bounds of the schema and stay, and so do words of one or two
 * letters that stand without quotes: those are the message's own.
 */
export function redactMessage(message: unknown, value: unknown): string {
  const leaves = new Set<string>()
  if (typeof message !== 'string' || !collectLeaves(value, leaves)) return 'is refused by its schema'
  let redacted = message
  // The longest first: a leaf may be a part of another.
  for (const leaf of Array.from(leaves).toSorted((a, b) => b.length - a.length)) {
    if (!redacted.includes(leaf)) continue
    const word = leaf.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
    const found = /^\p{L}{1,2}$/u.test(leaf)
      ? String.raw`(?<=["'])${word}(?=["'])`
      : String.raw`(?<![\p{L}\p{N}_.<>=])${word}(?![\p{L}\p{N}_])`
    redacted = redacted.replaceAll(new RegExp(found, 'gu'), '<value>')
  }
  return redacted.length > MAX_CHARACTERS ? `${redacted.slice(0, MAX_CHARACTERS)}…` : redacted
}

/** @returns `false` when there are too many. */
function collectLeaves(root: unknown, leaves: Set<string>): boolean {
  const pending: unknown[] = [root]
  const seen = new Set<object>()
  while (pending.length > 0) {
    const value = pending.pop()
    if (typeof value === 'string' && value.trim() !== '') {
      leaves.add(value)
      leaves.add(JSON.stringify(value).slice(1, -1))
    } else if (typeof value === 'number' || typeof value === 'bigint') {
      leaves.add(String(value))
    } else if (
      typeof value === 'object' &&
      value !== null &&
      !ArrayBuffer.isView(value) &&
      !seen.has(value)
    ) {
      seen.add(value)
      for (const item of Object.values(value)) pending.push(item)
    }
    if (leaves.size + pending.length > MAX_LEAVES) return false
  }
  return true
}
