import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Random decisions that are the same for the same seed. */
export class Dice {
  readonly #generator: ReturnType<typeof xoroshiro128plus>

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed)
  }

  /** Both ends included. */
  between(least: number, most: number): number {
    return uniformInt(this.#generator, least, most)
  }

  /** @throws RangeError when there is nothing to choose from. */
  pick<Item>(items: readonly Item[]): Item {
    const [item] = items.slice(this.between(0, items.length - 1))
    if (item === undefined) throw new RangeError('nothing to choose from')
    return item
  }

  percent(chance: number): boolean {
    return this.between(1, 100) <= chance
  }
}
