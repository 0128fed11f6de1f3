/**
 * Judges by this process's monotonic clock alone whether an owner is silent: how long its document has stood
 * unchanged since it was first seen so. Clocks of two machines are never compared.
 */
export class SilenceWatch {
  readonly #seen = new Map<string, { readonly revision: string; readonly sinceMs: number }>()

  isSilent(id: string, revision: string, leaseMs: number): boolean {
    const nowMs = performance.now()
    const seen = this.#seen.get(id)
    if (seen?.revision === revision) return nowMs - seen.sinceMs >= leaseMs
    // Of what others finished nothing is heard again: the oldest go, at worst to be watched anew.
    if (this.#seen.size >= MOST_WATCHED) this.#seen.delete(this.#seen.keys().next().value ?? '')
    this.#seen.set(id, { revision, sinceMs: nowMs })
    return false
  }

  forget(id: string): void {
    this.#seen.delete(id)
  }
}

const MOST_WATCHED = 10_000
