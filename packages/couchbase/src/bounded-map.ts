/** A map that forgets what was not asked for the longest. */
export class BoundedMap<Key, Value> {
  readonly #limit: number
  readonly #map = new Map<Key, Value>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: Key): Value | undefined {
    const value = this.#map.get(key)
    if (value === undefined) return undefined
    this.#map.delete(key)
    this.#map.set(key, value)
    return value
  }

  set(key: Key, value: Value): void {
    this.#map.delete(key)
    this.#map.set(key, value)
    if (this.#map.size <= this.#limit) return
    const { value: oldest, done } = this.#map.keys().next()
    if (done !== true) this.#map.delete(oldest)
  }

  delete(key: Key): void {
    this.#map.delete(key)
  }
}
