/** Name, code and message of whatever a handler threw. */
export function describeError(error: unknown): string {
  const MAX = 500
  if (!(error instanceof Error)) return `a thrown ${error === null ? 'null' : typeof error}`
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  return `${error.name}${code}: ${error.message}`.slice(0, MAX)
}
