/**
 * One signal for several and a deadline, taken apart again when it is no longer needed. `AbortSignal.any`
 * and `AbortSignal.timeout` leave an entry at each long-lived source for as long as that lives, which adds
 * up in a consumer that waits every second for months.
 */
export class LinkedSignal {
  readonly #controller = new AbortController()
  readonly #sources: readonly (AbortSignal | undefined)[]
  readonly #timer: NodeJS.Timeout | undefined
  readonly #abort = (): void => this.#controller.abort()
  #timedOut = false

  constructor(sources: readonly (AbortSignal | undefined)[], timeoutMs?: number) {
    this.#sources = sources
    for (const source of sources) {
      if (source?.aborted === true) this.#abort()
      source?.addEventListener('abort', this.#abort)
    }
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => {
        this.#timedOut = true
        this.#abort()
      }, timeoutMs)
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get timedOut(): boolean {
    return this.#timedOut
  }

  /** Must be called once the signal is no longer looked at. */
  unlink(): void {
    clearTimeout(this.#timer)
    for (const source of this.#sources) source?.removeEventListener('abort', this.#abort)
  }
}
