/** Payloads that were read lately, up to a number of bytes; the least recently used go first. */
export class PayloadCache {
  readonly #maxBytes: number
  /** In the order of use: a `Map` keeps that of insertion. */
  readonly #texts = new Map<string, { readonly text: string; readonly bytes: number }>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(key: string): string | undefined {
    const entry = this.#texts.get(key)
    if (entry === undefined) return undefined
    this.#texts.delete(key)
    this.#texts.set(key, entry)
    return entry.text
  }

  /** Keeps a text that is not there yet. A key names one text for ever. */
  add(key: string, text: string, bytes: number): void {
    if (bytes > this.#maxBytes || this.#texts.has(key)) return
    this.#texts.set(key, { text, bytes })
    this.#bytes += bytes
    for (const [oldest, entry] of this.#texts) {
      if (this.#bytes <= this.#maxBytes) break
      this.#texts.delete(oldest)
      this.#bytes -= entry.bytes
    }
  }

  delete(key: string): void {
    this.#bytes -= this.#texts.get(key)?.bytes ?? 0
    this.#texts.delete(key)
  }
}
