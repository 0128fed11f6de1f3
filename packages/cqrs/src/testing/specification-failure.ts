import { AssertionError } from 'node:assert'
import { inspect, isDeepStrictEqual } from 'node:util'
import { diffLines } from 'diff'

/** Lines that are the same are shown up to here on either side of what differs. */
const CONTEXT_LINES = 3

/**
 * Compares what a specification expected with what came: strictly and deeply.
 *
 * @throws an `AssertionError`, which every runner knows, with a line by line difference in its message.
 */
export function expectEqual(actual: unknown, expected: unknown, message: string): void {
  if (isDeepStrictEqual(actual, expected)) return
  throw specificationFailure(`${message}\n\n- expected\n+ actual\n\n${difference(actual, expected)}`, {
    actual,
    expected,
  })
}

/** A specification that does not hold. */
export function specificationFailure(
  message: string,
  details: { readonly actual?: unknown; readonly expected?: unknown; readonly cause?: unknown } = {},
): AssertionError {
  const { actual, expected, cause } = details
  // Of a deep comparison Node would append its own difference to the message, another in each of its versions.
  const failure = new AssertionError({ message, actual, expected, operator: 'then' })
  if (cause !== undefined) failure.cause = cause
  return failure
}

function difference(actual: unknown, expected: unknown): string {
  const parts = diffLines(`${show(expected)}\n`, `${show(actual)}\n`)
  const lines = parts.flatMap(({ value, added, removed }, index) => {
    const own = value.replace(/\n$/, '').split('\n')
    if (added) return own.map((line) => `+ ${line}`)
    if (removed) return own.map((line) => `- ${line}`)
    return shortened(own, index > 0, index < parts.length - 1).map((line) => `  ${line}`)
  })
  return lines.join('\n')
}

/** The ends of a run of equal lines that touch what differs. */
function shortened(lines: readonly string[], isBehind: boolean, isBefore: boolean): readonly string[] {
  const head = isBehind ? CONTEXT_LINES : 0
  const tail = isBefore ? CONTEXT_LINES : 0
  const left = lines.length - head - tail
  if (left <= 1) return lines
  return [...lines.slice(0, head), `… ${left} lines are the same`, ...lines.slice(lines.length - tail)]
}

function show(value: unknown): string {
  return inspect(value, {
    depth: Infinity,
    sorted: true,
    compact: false,
    maxArrayLength: Infinity,
    maxStringLength: Infinity,
  })
}
