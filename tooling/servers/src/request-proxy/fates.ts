/** A request that is not simply passed on. It ends once, in one of two ways. */
export interface Fated<Fate> {
  readonly fate: Fate
  happened(): void
  /** The server or the connection was gone before it could happen. */
  failed(): void
}

interface Choice<Request, Fate> {
  readonly fate: Fate
  readonly matches: (request: Request) => boolean
  remaining: number
  readonly resolve: (request: Request | undefined) => void
}

/** What becomes of requests: of single ones that were chosen, and of all others by a rule. */
export class Fates<Request, Fate> {
  #choices: readonly Choice<Request, Fate>[] = []
  #rule: ((request: Request) => Fate | undefined) | undefined
  readonly #underWay = new Set<object>()

  /** Requests whose fate has begun and not ended. */
  get underWay(): number {
    return this.#underWay.size
  }

  /**
   * Chooses the n-th request from now on that matches. Several choices may wait at a time; the oldest goes first.
   *
   * @returns that request, once its fate has happened; `undefined` when that failed, or when `clear()` comes first.
   */
  choose(fate: Fate, matches: (request: Request) => boolean, nth: number): Promise<Request | undefined> {
    if (!Number.isSafeInteger(nth) || nth < 1) throw new RangeError('the first request is number 1')
    return new Promise((resolve) => {
      this.#choices = [...this.#choices, { fate, matches, remaining: nth, resolve }]
    })
  }

  /** Asks `rule` about each request that no choice is for. */
  rule(rule: ((request: Request) => Fate | undefined) | undefined): void {
    this.#rule = rule
  }

  /** Called once for each request, as it counts. */
  of(request: Request): Fated<Fate> | undefined {
    for (const choice of this.#choices) {
      if (!choice.matches(request)) continue
      choice.remaining -= 1
      if (choice.remaining > 0) continue
      this.#choices = this.#choices.filter((other) => other !== choice)
      return this.#begin(choice.fate, (happened) => choice.resolve(happened ? request : undefined))
    }
    const fate = this.#rule?.(request)
    return fate === undefined ? undefined : this.#begin(fate, () => undefined)
  }

  /** From now on everything is passed on. What has begun goes on. */
  clear(): void {
    this.#rule = undefined
    for (const { resolve } of this.#choices) resolve(undefined)
    this.#choices = []
  }

  #begin(fate: Fate, tell: (happened: boolean) => void): Fated<Fate> {
    const end = (happened: boolean): void => {
      this.#underWay.delete(fated)
      tell(happened)
    }
    const fated = { fate, happened: () => end(true), failed: () => end(false) }
    this.#underWay.add(fated)
    return fated
  }
}
