/**
 * UTF-8 bytes of text that one item holds. An item may have 400 KB; the rest is for keys, ids and places of removed or
 * imported events.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
export const PART_BYTES = 300 * 1024

/** Cuts a text between characters into pieces that fit into an item each: usually one. */
export function splitText(text: string): readonly string[] {
  if (text.length * 3 <= PART_BYTES) return [text]
  const bytes = Buffer.from(text)
  if (bytes.length <= PART_BYTES) return [text]
  const pieces: string[] = []
  for (let start = 0; start < bytes.length;) {
    let end = Math.min(start + PART_BYTES, bytes.length)
    // Not within a character: its further bytes begin with the bits 10.
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
    pieces.push(bytes.toString('utf8', start, end))
    start = end
  }
  return pieces
}
