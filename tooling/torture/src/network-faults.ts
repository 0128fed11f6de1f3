import type { Random } from '@eventspine/conformance'
import { waitUntil } from '@eventspine/servers'

/** Faults that befall single calls of all processes while a round lasts, whatever its blow is. */
export interface NetworkFaults {
  /** From now on some calls meet one. */
  start(random: Random): void
  /** Ends them, and waits until nothing that was held back can still arrive. */
  stop(): Promise<void>
  /** How many there were, by name. */
  counts(): Readonly<Record<string, number>>
}

/** One fault, and what it is counted as. */
export interface NamedFate<Fate> {
  readonly name: string
  readonly fate: Fate
}

/** What is asked of a proxy that decides about single requests. */
interface DecidingProxy<Request, Fate> {
  readonly underWay: number
  decide(rule: (request: Request) => Fate | undefined): void
  pass(): Promise<void>
}

/** Longer than anything is held back, on a machine that is busy. */
const quietDeadlineMs = 60_000

/** Faults by a proxy: `choose` says for each request which, if any. */
export function networkFaults<Request, Fate>(
  proxy: DecidingProxy<Request, Fate>,
  choose: (request: Request, random: Random) => NamedFate<Fate> | undefined,
): NetworkFaults {
  const counts = new Map<string, number>()
  return {
    start(random) {
      proxy.decide((request) => {
        const chosen = choose(request, random)
        if (chosen === undefined) return undefined
        counts.set(chosen.name, (counts.get(chosen.name) ?? 0) + 1)
        return chosen.fate
      })
    },
    async stop() {
      await proxy.pass()
      const quiet = await waitUntil(() => proxy.underWay === 0, { deadlineMs: quietDeadlineMs })
      if (quiet === undefined) throw new Error(`${proxy.underWay} calls are still held back`)
    },
    counts: () => Object.fromEntries(counts),
  }
}
