import {
  type Commit,
  type CommitOutcome,
  type EncodedEvent,
  EventStoreError,
  type StreamAppend,
} from '@eventspine/core'
import { checkOut, isLarger, type PayloadWrite } from './check-out.ts'
import type { ResolvedOptions } from './options.ts'
import type { PayloadPlace } from './payload-document.ts'
import { type AdapterFor, writePayloads } from './write-payloads.ts'

/** Data that is smaller than what stands in its place stays where it is, unless the threshold says otherwise. */
const REFERENCE_BYTES = 150

/** What a {@link ClaimCheck} writes for. */
export interface ClaimCheckTarget {
  /** Incarnation. */
  readonly store: string
  readonly log: boolean
  /** UTF-8 bytes of data and metadata that the target takes in one commit. */
  readonly maxAppendBytes: number
}

interface Prepared {
  readonly commit: Commit
  readonly writes: readonly PayloadWrite[]
}

/** Puts data apart and sends what is left: in this order, so that no reference is without its payload (law P1). */
export class ClaimCheck {
  readonly #options: ResolvedOptions
  readonly #target: ClaimCheckTarget
  readonly #adapterFor: AdapterFor

  constructor(options: ResolvedOptions, target: ClaimCheckTarget, adapterFor: AdapterFor) {
    this.#options = options
    this.#target = target
    this.#adapterFor = adapterFor
  }

  /**
   * Sends commits by `send`. Each is refused alone when its payloads cannot be written.
   *
   * @param waitMs - milliseconds after which payloads that are still not written make all of them `BUSY`.
   */
  async commit(
    commits: readonly Commit[],
    send: (commits: readonly Commit[]) => Promise<readonly CommitOutcome[]>,
    waitMs = Infinity,
  ): Promise<readonly CommitOutcome[]> {
    if (commits.every((commit) => this.#staysInline(commit))) return send(commits)
    const prepared = commits.map((commit) => this.#prepare(commit))
    const writes = prepared.flatMap((each) => (each instanceof EventStoreError ? [] : each.writes))
    const failed = await within(waitMs, writePayloads(writes, this.#options, this.#adapterFor))
    if (failed === undefined) return commits.map(() => ({ ok: false, error: busy(waitMs) }))
    const verdicts = prepared.map((each) => (each instanceof EventStoreError ? each : refusal(each, failed)))
    const ready = prepared.flatMap((each, index) =>
      each instanceof EventStoreError || verdicts[index] !== undefined ? [] : [each.commit],
    )
    const sent = ready.length === 0 ? [] : await send(ready)
    const outcomes = sent.values()
    return verdicts.map((error): CommitOutcome => {
      if (error !== undefined) return { ok: false, error }
      const { value } = outcomes.next()
      // The wrapper tells of an adapter that answers for fewer commits than it was given.
      return value ?? { ok: false, error: unanswered() }
    })
  }

  /**
   * Replaces data by references and writes what they name.
   *
   * @param versionOf - the version that an event will have; `undefined` where nothing fences it.
   * @throws an EventStoreError, not applied.
   */
  async replace<Event extends EncodedEvent & { readonly streamId: string }>(
    events: readonly Event[],
    versionOf: (event: Event) => number | undefined,
  ): Promise<readonly Event[]> {
    const writes: PayloadWrite[] = []
    const replaced = events.map((event): Event => {
      const out = checkOut(event, this.#place(event.streamId, event, versionOf(event)), this.#options, false)
      if (out === undefined) return event
      writes.push(...out.writes)
      const { codec, data } = out.event
      return { ...event, codec, data }
    })
    if (writes.length === 0) return events
    const failed = await writePayloads(writes, this.#options, this.#adapterFor)
    for (const error of failed.values()) throw error
    return replaced
  }

  #staysInline({ appends }: Commit): boolean {
    const { named, thresholdBytes } = this.#options
    if (named.length > 0) return false
    let units = 0
    for (const { events } of appends) {
      for (const { data, metadata } of events) {
        if (isLarger(data, thresholdBytes)) return false
        units += data.length + metadata.length
      }
    }
    // What stays inline by its own size may be too much together.
    return units * 3 <= this.#target.maxAppendBytes
  }

  #prepare(commit: Commit): Prepared | EventStoreError {
    const writes: PayloadWrite[] = []
    const appends = commit.appends.map((append) => this.#checkOutAll(append, writes, () => false))
    const bytes = bytesOf(appends)
    if (bytes <= this.#target.maxAppendBytes) return { commit: { ...commit, appends }, writes }
    return this.#spill(commit, bytes)
  }

  /** Puts more apart than the threshold asks for, the largest first, until the commit fits. */
  #spill(commit: Commit, bytes: number): Prepared | EventStoreError {
    const limit = this.#target.maxAppendBytes
    const inline = commit.appends
      .flatMap(({ events }) => events)
      .filter(({ codec, data }) => codec !== 2 && !isLarger(data, this.#options.thresholdBytes))
      .map((event) => ({ event, gained: Buffer.byteLength(event.data) - REFERENCE_BYTES }))
      .filter(({ gained }) => gained > 0)
      .sort((a, b) => b.gained - a.gained)
    const spilled = new Set<EncodedEvent>()
    let left = bytes
    for (const { event, gained } of inline) {
      if (left <= limit) break
      spilled.add(event)
      left -= gained
    }
    const writes: PayloadWrite[] = []
    const appends = commit.appends.map((append) =>
      this.#checkOutAll(append, writes, (event) => spilled.has(event)),
    )
    const rest = bytesOf(appends)
    if (rest <= limit) return { commit: { ...commit, appends }, writes }
    return new EventStoreError(
      'LIMIT_EXCEEDED',
      `the commit has ${rest} bytes with its data kept apart, the backend takes ${limit}`,
    )
  }

  #checkOutAll(
    append: StreamAppend,
    writes: PayloadWrite[],
    whole: (event: EncodedEvent) => boolean,
  ): StreamAppend {
    const { streamId, expectedVersion } = append
    const base =
      expectedVersion === 'none' ? 0 : typeof expectedVersion === 'number' ? expectedVersion : undefined
    const events = append.events.map((event, index) => {
      const version = base === undefined ? undefined : base + 1 + index
      const out = checkOut(event, this.#place(streamId, event, version), this.#options, whole(event))
      if (out === undefined) return event
      writes.push(...out.writes)
      return out.event
    })
    return { ...append, events }
  }

  #place(streamId: string, event: EncodedEvent, version: number | undefined): PayloadPlace {
    const { store, log } = this.#target
    return { store, log, streamId, eventId: event.id, version }
  }
}

/** `undefined` when it is not done by then. What is under way goes on: a payload without a reference is no harm. */
async function within<Result>(waitMs: number, result: Promise<Result>): Promise<Result | undefined> {
  if (waitMs === Infinity) return result
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), waitMs)
  })
  try {
    return await Promise.race([result, timeout])
  } finally {
    clearTimeout(timer)
  }
}

function busy(waitMs: number): EventStoreError {
  return new EventStoreError(
    'BUSY',
    `waited ${waitMs} ms for an open transaction to let payloads be written`,
    {
      retryable: true,
    },
  )
}

function refusal(
  { writes }: Prepared,
  failed: ReadonlyMap<string, EventStoreError>,
): EventStoreError | undefined {
  if (failed.size === 0) return undefined
  for (const { key } of writes) {
    const error = failed.get(key)
    if (error !== undefined) return error
  }
  return undefined
}

function bytesOf(appends: readonly StreamAppend[]): number {
  let bytes = 0
  for (const { events } of appends)
    for (const { data, metadata } of events) bytes += Buffer.byteLength(data) + Buffer.byteLength(metadata)
  return bytes
}

function unanswered(): EventStoreError {
  return new EventStoreError('BACKEND_FAILED', 'the adapter returned no outcome for a commit', {
    outcome: 'unknown',
  })
}
