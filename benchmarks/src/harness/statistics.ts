/** The middle of several values with how far they reach: a median alone hides what varies. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** @throws RangeError for no values: a median of nothing would look like a measurement. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('there is no spread of no values')
  const sorted = values.toSorted((a, b) => a - b)
  return { median: medianOfSorted(sorted), min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN }
}

/** The spread of `values[i] / base[i]`: what varies between rounds is in both, and falls out. */
export function ratioSpread(values: readonly number[], base: readonly number[]): Spread {
  return spreadOf(paired(values, base, (value, standard) => value / standard))
}

/** The spread of `values[i] - base[i]`. */
export function differenceSpread(values: readonly number[], base: readonly number[]): Spread {
  return spreadOf(paired(values, base, (value, standard) => value - standard))
}

/**
 * The smallest value that at least `share` of all values do not exceed (nearest rank), so that it is a value that
 * was measured.
 *
 * @param sorted - ascending, at least one.
 * @param share - above 0, up to 1.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) throw new RangeError('there is no quantile of no values')
  if (!(share > 0 && share <= 1)) throw new RangeError(`a share is above 0 and at most 1, got ${share}`)
  return sorted[Math.ceil(sorted.length * share) - 1] ?? NaN
}

function medianOfSorted(sorted: readonly number[]): number {
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

function paired(
  values: readonly number[],
  base: readonly number[],
  combine: (value: number, standard: number) => number,
): readonly number[] {
  if (values.length !== base.length) {
    throw new RangeError(`${values.length} values cannot be paired with ${base.length} of the base`)
  }
  return values.map((value, index) => combine(value, base[index] ?? NaN))
}
