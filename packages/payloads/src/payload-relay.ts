import {
  type RelayedEvent,
  type RelayLimits,
  type RelayPosition,
  type RelaySessionAdapter,
  type RelayTargetAdapter,
  writeRelayed,
} from '@eventspine/core'
import type { ClaimCheck } from './claim-check.ts'

/** A relay's target that keeps data apart: what a relay reads as data is checked in anew, references move on. */
export function payloadRelay(
  target: RelayTargetAdapter,
  claimCheck: ClaimCheck,
  limits: RelayLimits,
): RelayTargetAdapter {
  return {
    doOpenRelay: async (request) =>
      new PayloadRelaySession(await target.doOpenRelay(request), claimCheck, limits),
  }
}

class PayloadRelaySession implements RelaySessionAdapter {
  readonly #session: RelaySessionAdapter
  readonly #claimCheck: ClaimCheck
  readonly #limits: RelayLimits

  constructor(session: RelaySessionAdapter, claimCheck: ClaimCheck, limits: RelayLimits) {
    this.#session = session
    this.#claimCheck = claimCheck
    this.#limits = limits
  }

  get position(): RelayPosition | undefined {
    return this.#session.position
  }

  async doWrite(events: readonly RelayedEvent[], position: RelayPosition): Promise<void> {
    const replaced = await this.#claimCheck.replace(events, () => undefined)
    // Batches were made for what is taken with payloads; what the target itself takes may be less.
    await writeRelayed(this.#session, replaced, position, this.#limits)
  }

  doClose(): Promise<void> {
    return this.#session.doClose()
  }
}
