/** UTF-8 bytes of the shortest JSON string: its quotes. */
const QUOTES_BYTES = 2
/** A JSON string holds at least one character whatever it is: two escapes of a surrogate pair are the longest. */
const MIN_PART_BYTES = QUOTES_BYTES + 12

/** JSON strings of at most `maxBytes` UTF-8 bytes each, whose contents are together `text`. */
export function splitText(text: string, maxBytes: number): readonly string[] {
  if (maxBytes < MIN_PART_BYTES) throw new RangeError(`parts of ${maxBytes} bytes hold nothing`)
  const parts: string[] = []
  for (let start = 0; start < text.length;) {
    const part = longestPart(text, start, maxBytes)
    parts.push(part.json)
    start = part.end
  }
  return parts
}

function longestPart(
  text: string,
  start: number,
  maxBytes: number,
): { readonly json: string; readonly end: number } {
  let units = maxBytes - QUOTES_BYTES
  for (;;) {
    const end = wholeCharacter(text, start, Math.min(start + units, text.length))
    const json = JSON.stringify(text.slice(start, end))
    const bytes = Buffer.byteLength(json)
    if (bytes <= maxBytes) return { json, end }
    // Characters of several bytes and escapes are spread as evenly as can be assumed; what is left over is little.
    units = Math.max(2, Math.min(Math.floor(((end - start) * maxBytes) / bytes), end - start - 1))
  }
}

/** No part ends between the halves of a surrogate pair: not every store takes one of them alone. */
function wholeCharacter(text: string, start: number, end: number): number {
  const last = text.charCodeAt(end - 1)
  const halved = end < text.length && last >= 0xd800 && last <= 0xdbff
  return halved && end - 1 > start ? end - 1 : end
}
