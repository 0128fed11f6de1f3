/** The store holds another history under this one's name. The commit that met it was not written. */
export class HistoryConflictError extends Error {
  override readonly name = 'HistoryConflictError'

  constructor(reason: string, cause?: unknown) {
    const remedy = 'run with --fresh to store this history beside it'
    super(
      `the store holds another history of this branch: ${reason}; ${remedy}`,
      cause === undefined ? undefined : { cause },
    )
  }
}
