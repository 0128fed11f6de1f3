const MAX_CHARACTERS = 500

/** Name, code and message of whatever was thrown: what may be stored of it. */
export function describeThrown(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${error === null ? 'null' : typeof error}`
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  return `${error.name}${code}: ${error.message}`.slice(0, MAX_CHARACTERS)
}
