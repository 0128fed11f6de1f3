import { fileURLToPath } from 'node:url'

const root = new URL('../../', import.meta.url)

/** The folder of this package. */
export const benchmarksDirectory = fileURLToPath(root)
/** Results that are kept. */
export const resultsDirectory = fileURLToPath(new URL('results', root))
/** Ignored by git: partial results, installed peers. */
export const scratchDirectory = fileURLToPath(new URL('../.eventspine/benchmarks', root))
