import { createHash } from 'node:crypto'
import {
  type EventDefinitions,
  EventStoreError,
  type EventStore,
  murmur2,
  parsePosition,
  type Position,
  type RecordedEvent,
} from '@eventspine/core'
import { Horizon } from './as-of.ts'
import type { Folded, FoldOptions, Folding } from './fold.ts'
import type { Snapshot, Snapshots } from './snapshots.ts'

/** The 15th character of a UUIDv5, which the ids of events are that commands lead to. */
const VERSION_INDEX = 14

/** How a stream is folded. */
export interface FoldRequest<State, Category extends string, Definitions extends EventDefinitions> {
  readonly store: Pick<EventStore, 'read' | 'head'>
  readonly folding: Folding<State, Category, Definitions>
  readonly streamId: string
  readonly options: FoldOptions<State>
  /** The fold ends before the first stored event for which it holds. It is asked once an event, in order. */
  readonly isEnd: (stored: RecordedEvent) => boolean
  /** An id that must be noticed where it occurs: the fold does not begin behind it. */
  readonly wantedId: string | undefined
}

/** Folds a stream, from its snapshot where there is one that fits. */
export async function foldStream<State, Category extends string, Definitions extends EventDefinitions>(
  request: FoldRequest<State, Category, Definitions>,
): Promise<Folded<State>> {
  const { streamId, options } = request
  const { snapshots, at } = options
  // The times of a snapshot's events are not known.
  if (snapshots === undefined || at instanceof Date) return (await foldWhole(request)).folded
  const fingerprint = fingerprintOf(request.folding)
  const snapshot = await snapshots.load(streamId, fingerprint)
  const fits = snapshot !== undefined && (at === undefined || at >= snapshot.version)
  const isBehind =
    fits && request.wantedId !== undefined && snapshot.commands.includes(murmur2(request.wantedId))
  const run =
    (fits && !isBehind ? await foldBehind(request, snapshot) : undefined) ?? (await foldWhole(request))
  if (at === undefined && run.isWhole && isDue(snapshots, run))
    await save(snapshots, streamId, fingerprint, run)
  return run.folded
}

/** A fold that is done, and what a snapshot of it needs. */
interface FoldRun<State> {
  readonly folded: Folded<State>
  readonly last: { readonly eventId: string; readonly position: Position } | undefined
  readonly commands: Uint32Array
  readonly events: number
  readonly bytes: number
  /** It went to the end of the stream. */
  readonly isWhole: boolean
}

/** `undefined`: the snapshot is not of this stream as it is, so it counts for nothing. */
async function foldBehind<State, Category extends string, Definitions extends EventDefinitions>(
  request: FoldRequest<State, Category, Definitions>,
  snapshot: Snapshot<State>,
): Promise<FoldRun<State> | undefined> {
  const { store, streamId, options } = request
  const read = store.read(streamId, { from: snapshot.version, to: toOf(options), signal: options.signal })
  let run: StreamRun<State, Category, Definitions> | undefined
  for await (const page of read.pages()) {
    for (const stored of page) {
      if (run === undefined) {
        const place = placeOf(snapshot, stored)
        if (place === 'elsewhere') return undefined
        run = new StreamRun(request, snapshot)
        if (place === 'last') continue
      }
      if (!run.take(stored)) return run.done()
    }
  }
  if (run !== undefined) return run.done()
  const head = await store.head(streamId)
  const isHead = head.exists && head.version === snapshot.version && head.position === snapshot.position
  return isHead ? new StreamRun(request, snapshot).done() : undefined
}

/** What the first event from a snapshot's version on is to it: the one that it ends with, the next, or neither. */
function placeOf(
  { version, eventId, position }: Snapshot<unknown>,
  stored: RecordedEvent,
): 'last' | 'next' | 'elsewhere' {
  if (stored.streamPosition === version) return stored.id === eventId ? 'last' : 'elsewhere'
  // Truncated since: there is nothing left to hold it against but its place.
  return stored.streamPosition === version + 1 && isLater(stored.position, position) ? 'next' : 'elsewhere'
}

async function foldWhole<State, Category extends string, Definitions extends EventDefinitions>(
  request: FoldRequest<State, Category, Definitions>,
): Promise<FoldRun<State>> {
  const { store, streamId, options } = request
  const run = new StreamRun(request, undefined)
  for await (const page of store.read(streamId, { to: toOf(options), signal: options.signal }).pages()) {
    for (const stored of page) if (!run.take(stored)) return run.done()
  }
  return run.done()
}

function toOf({ at }: Pick<FoldOptions, 'at'>): number | undefined {
  return new Horizon(at, 'at').to
}

/** A fold under way. */
class StreamRun<State, Category extends string, Definitions extends EventDefinitions> {
  readonly #request: FoldRequest<State, Category, Definitions>
  readonly #horizon: Horizon
  readonly #countBytes: boolean
  readonly #before: Uint32Array
  readonly #commands: number[] = []
  #state: State
  #version: number
  #last: FoldRun<State>['last']
  #events = 0
  #bytes = 0
  #isWhole = true

  constructor(request: FoldRequest<State, Category, Definitions>, snapshot: Snapshot<State> | undefined) {
    this.#request = request
    this.#horizon = new Horizon(request.options.at, 'at')
    this.#countBytes = request.options.snapshots?.everyBytes !== undefined
    this.#state = snapshot === undefined ? request.folding.initialState() : snapshot.state
    this.#version = snapshot?.version ?? 0
    this.#last = snapshot
    this.#before = snapshot?.commands ?? new Uint32Array()
  }

  /** @returns `false` at the event before which the fold ends. */
  take(stored: RecordedEvent): boolean {
    const { folding, isEnd } = this.#request
    if (this.#horizon.isBefore(stored) || isEnd(stored)) {
      this.#isWhole = false
      return false
    }
    if (stored.streamPosition !== this.#version + 1) throw truncated(stored.streamId, stored.streamPosition)
    for (const event of folding.events.current(stored)) this.#state = folding.evolve(this.#state, event)
    this.#version = stored.streamPosition
    this.#last = { eventId: stored.id, position: stored.position }
    if (stored.id[VERSION_INDEX] === '5') this.#commands.push(murmur2(stored.id))
    if (this.#countBytes) this.#bytes += JSON.stringify(stored.data).length
    this.#events++
    return true
  }

  done(): FoldRun<State> {
    const commands = new Uint32Array(this.#before.length + this.#commands.length)
    commands.set(this.#before)
    commands.set(this.#commands, this.#before.length)
    return {
      folded: { state: this.#state, version: this.#version, position: this.#last?.position },
      last: this.#last,
      commands,
      events: this.#events,
      bytes: this.#bytes,
      isWhole: this.#isWhole,
    }
  }
}

function isLater(position: Position, than: Position): boolean {
  const [a, b] = [parsePosition(position), parsePosition(than)]
  return a.incarnation === b.incarnation && a.partition === b.partition && a.sequence > b.sequence
}

function isDue<State>(
  { everyEvents, everyBytes }: Snapshots<State>,
  { events, bytes }: FoldRun<State>,
): boolean {
  return events >= everyEvents || (everyBytes !== undefined && bytes >= everyBytes)
}

async function save<State>(
  snapshots: Snapshots<State>,
  streamId: string,
  fingerprint: string,
  { folded, last, commands }: FoldRun<State>,
): Promise<void> {
  if (last === undefined) return
  const { state, version } = folded
  await snapshots.save(streamId, fingerprint, { ...last, version, state, commands })
}

/**
 * Of the functions that fold, as text: whatever changes them, if only a bundler, leaves the snapshots of before
 * unused. What those functions call is not seen: for that there is the version.
 */
function fingerprintOf<State, Category extends string, Definitions extends EventDefinitions>({
  events,
  initialState,
  evolve,
}: Folding<State, Category, Definitions>): string {
  const known = fingerprints.get(evolve)
  if (known !== undefined) return known
  const parts = [Object.keys(events.definitions), initialState.toString(), evolve.toString()]
  const fingerprint = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
  fingerprints.set(evolve, fingerprint)
  return fingerprint
}

/** By `evolve`: it is asked with every command. */
const fingerprints = new WeakMap<object, string>()

export function truncated(streamId: string, firstVersion: number): EventStoreError<'POSITION_EXPIRED'> {
  return new EventStoreError(
    'POSITION_EXPIRED',
    `stream ${JSON.stringify(streamId)} was truncated to version ${firstVersion}: its state needs the events before`,
    { field: 'stream' },
  )
}
