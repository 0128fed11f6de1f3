/** Finds what occurs twice. One value alone, by far the most frequent case, costs no set. */
export class Distinct {
  #first: string | undefined
  #all: Set<string> | undefined

  /** Returns `false` when the value was added before. */
  add(value: string): boolean {
    if (this.#first === undefined) {
      this.#first = value
      return true
    }
    this.#all ??= new Set([this.#first])
    if (this.#all.has(value)) return false
    this.#all.add(value)
    return true
  }
}
