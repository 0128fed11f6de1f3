import assert from 'node:assert/strict'
import {
  adapterOf,
  type Backend,
  type BackendAdapter,
  type CommitOutcome,
  createBackend,
  type DocumentStoreAdapter,
  type EventStoreError,
  type NewEvent,
} from '@eventspine/core'
import type { CaseBackend, PayloadAccess } from './kit.ts'

/** Where payloads are, as `docs/wire.md` has it. */
const PAYLOADS = '$payloads'

/** What the test bed of a case of payloads has. */
export function claimCheckOf({ claimCheck }: CaseBackend): PayloadAccess {
  assert.ok(claimCheck !== undefined, 'the test bed of a case of payloads must have a claimCheck')
  return claimCheck
}

/** Appends to the store where there is one, else publishes. */
export async function write(
  { store, stream, capabilities }: Backend,
  streamId: string,
  events: readonly NewEvent[],
  expectedVersion?: number,
): Promise<void> {
  if (capabilities.store)
    await store.append(streamId, events, expectedVersion === undefined ? {} : { expectedVersion })
  else await stream.publish(events.map((event) => ({ ...event, streamId })))
}

/** All payload documents that a client sees, by key, with their revisions. */
export async function payloadsOf({ documents }: Backend): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for await (const { key, revision } of documents.collection(PAYLOADS, { listed: true }).list())
    found.set(key, revision)
  return found
}

/** An append or publish of a target that waits before it is sent. */
export interface HeldAppend {
  /** Resolves when it waits. */
  readonly reached: Promise<void>
  readonly release: () => void
}

/** A client of the target whose next append or publish can be held. */
export class HoldingTarget {
  readonly backend: Backend
  #held: { readonly reached: () => void; readonly released: Promise<void> } | undefined

  constructor(target: Backend) {
    const adapter = adapterOf(target)
    const { store, log } = adapter
    const holding: BackendAdapter = {
      ...adapter,
      ...(store === undefined
        ? {}
        : { store: overriding(store, { doAppend: (...call) => this.#hold(() => store.doAppend(...call)) }) }),
      ...(log === undefined
        ? {}
        : { log: overriding(log, { doPublish: (...call) => this.#hold(() => log.doPublish(...call)) }) }),
      // The client that it was made of is closed by the test bed.
      doClose: async () => undefined,
    }
    this.backend = createBackend(holding)
  }

  holdNext(): HeldAppend {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    const reached = new Promise<void>((resolve) => {
      this.#held = { reached: resolve, released }
    })
    return { reached, release }
  }

  async #hold(send: () => Promise<readonly CommitOutcome[]>): Promise<readonly CommitOutcome[]> {
    const held = this.#held
    this.#held = undefined
    held?.reached()
    await held?.released
    return send()
  }
}

/** A client of a document store whose next write fails: before it was sent, or after it was executed. */
export function failingDocuments(
  payloads: Backend,
  fails: { readonly when: 'before' | 'after'; readonly error: EventStoreError },
): Backend {
  const adapter = adapterOf(payloads)
  const { documents } = adapter
  assert.ok(documents !== undefined, 'payloads are kept in documents')
  let failed = false
  const failing: Partial<DocumentStoreAdapter> = {
    doWrite: async (writes) => {
      const now = !failed
      failed = true
      if (now && fails.when === 'before') throw fails.error
      const outcome = await documents.doWrite(writes)
      if (now) throw fails.error
      return outcome
    },
  }
  return createBackend({
    ...adapter,
    documents: overriding(documents, failing),
    doClose: async () => undefined,
  })
}

/** An adapter with some of its methods replaced; the others are its own, whatever class it is of. */
function overriding<Adapter extends object>(adapter: Adapter, changed: Partial<Adapter>): Adapter {
  return new Proxy(adapter, {
    get(target, name) {
      if (Object.hasOwn(changed, name)) return Reflect.get(changed, name)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
