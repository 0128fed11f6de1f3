import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import {
  type DocumentCollection,
  type DocumentStore,
  EventStoreError,
  invalidArgument,
  type Position,
} from '@eventspine/core'
import { checkNameAndVersion } from './projection.ts'

/** Why a snapshot was not used, or not written: nothing that changes a result. */
export interface SnapshotNotice {
  readonly kind: 'unreadable' | 'unwritable'
  readonly streamId: string
  readonly error: unknown
}

export interface SnapshotOptions<State> {
  /** Of what is folded: 1 to 64 letters, digits, `-`, `_` or `.`. */
  readonly name: string
  /** Raise it when `evolve` leads to other states: snapshots of other versions are not used. Default 1. */
  readonly version?: number | undefined
  /** Events folded since the last snapshot after which another is taken. Default 100. */
  readonly everyEvents?: number | undefined
  /** Bytes of their data as JSON after which another is taken, whatever their number. Default: not counted. */
  readonly everyBytes?: number | undefined
  /** For a state that does not come back from JSON as it was, such as one with dates or maps. */
  readonly codec?:
    | {
        readonly encode: (state: State) => unknown
        readonly decode: (value: unknown) => State
      }
    | undefined
  /** Must not throw. Default: a process warning. */
  readonly onNotice?: ((notice: SnapshotNotice) => void) | undefined
}

/** A fold up to a version. */
export interface Snapshot<State> {
  readonly version: number
  /** Of the last event folded. */
  readonly eventId: string
  readonly position: Position
  readonly state: State
  /** Hashes of the ids of events that commands have led to: so that a command is known again behind a snapshot. */
  readonly commands: Uint32Array
}

/** As it is stored. */
interface StoredSnapshot {
  readonly format: 1
  readonly version: number
  readonly eventId: string
  readonly position: Position
  /** Of the functions that folded it. */
  readonly fingerprint: string
  /** JSON text, so that what is hashed is what is read. */
  readonly state: string
  /** Base64 of 32-bit integers, little-endian. */
  readonly commands: string
  /** SHA-256 of the other fields. */
  readonly check: string
}

/** A cache of folds: made by {@link snapshots}. */
export interface Snapshots<State> {
  readonly everyEvents: number
  readonly everyBytes: number | undefined
  /** What is stored of a stream, if it is of use. Never throws: what cannot be read is folded. */
  load(streamId: string, fingerprint: string): Promise<Snapshot<State> | undefined>
  /** Never throws: what cannot be written is folded again. */
  save(streamId: string, fingerprint: string, snapshot: Snapshot<State>): Promise<void>
  /** Removes the snapshot of a stream, as when its events are deleted. */
  delete(streamId: string): Promise<void>
}

/**
 * Keeps folds of long streams in documents, for {@link commandHandler} and {@link fold}. A snapshot is a cache: a
 * missing, stale, corrupt or foreign one costs time and changes no result.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option.
 */
export function snapshots<State>(
  documents: DocumentStore,
  options: SnapshotOptions<State>,
): Snapshots<State> {
  const { name, version = 1, everyEvents = 100, everyBytes } = options
  checkNameAndVersion(name, version)
  checkCount(everyEvents, 'everyEvents')
  if (everyBytes !== undefined) checkCount(everyBytes, 'everyBytes')
  return new StoredSnapshots(documents.collection(`snapshot:${name}@${version}`), {
    ...options,
    everyEvents,
  })
}

function checkCount(value: unknown, field: string): void {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1)
    throw invalidArgument(field, `must be an integer of at least 1, got ${String(value)}`)
}

class StoredSnapshots<State> implements Snapshots<State> {
  readonly everyEvents: number
  readonly everyBytes: number | undefined
  readonly #collection: DocumentCollection<StoredSnapshot>
  readonly #codec: SnapshotOptions<State>['codec']
  readonly #notify: (notice: SnapshotNotice) => void

  constructor(
    collection: DocumentCollection<StoredSnapshot>,
    { everyEvents, everyBytes, codec, onNotice = warn }: SnapshotOptions<State> & { everyEvents: number },
  ) {
    this.#collection = collection
    this.everyEvents = everyEvents
    this.everyBytes = everyBytes
    this.#codec = codec
    this.#notify = onNotice
  }

  async load(streamId: string, fingerprint: string): Promise<Snapshot<State> | undefined> {
    try {
      const stored = (await this.#collection.get(streamId))?.value
      if (stored === undefined || stored.fingerprint !== fingerprint) return undefined
      const { check, ...fields } = stored
      if (checkOf(fields) !== check)
        throw new EventStoreError('STORE_INCOMPATIBLE', 'the snapshot is not as it was written')
      const { version, eventId, position } = fields
      const bytes = Buffer.from(fields.commands, 'base64')
      const commands = Uint32Array.from({ length: bytes.length / 4 }, (_, index) =>
        bytes.readUInt32LE(index * 4),
      )
      return { version, eventId, position, state: this.#decode(fields.state), commands }
    } catch (error) {
      this.#notify({ kind: 'unreadable', streamId, error })
      return undefined
    }
  }

  async save(streamId: string, fingerprint: string, snapshot: Snapshot<State>): Promise<void> {
    try {
      const { version, eventId, position, commands } = snapshot
      const bytes = Buffer.alloc(commands.length * 4)
      commands.forEach((hash, index) => bytes.writeUInt32LE(hash, index * 4))
      const fields = {
        format: 1 as const,
        version,
        eventId,
        position,
        fingerprint,
        state: this.#encode(snapshot.state),
        commands: bytes.toString('base64'),
      }
      // Whoever writes last wins: an older snapshot only means more to fold.
      await this.#collection.put(streamId, { ...fields, check: checkOf(fields) })
    } catch (error) {
      this.#notify({ kind: 'unwritable', streamId, error })
    }
  }

  async delete(streamId: string): Promise<void> {
    await this.#collection.delete(streamId)
  }

  #encode(state: State): string {
    const value: unknown = this.#codec === undefined ? state : this.#codec.encode(state)
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined || !isDeepStrictEqual(JSON.parse(text), value))
      throw invalidArgument('state', 'does not come back from JSON as it was: give a codec')
    return text
  }

  #decode(text: string): State {
    const value: unknown = JSON.parse(text)
    // Sound: the text was made of such a state, by the functions that the fingerprint stands for.
    return this.#codec === undefined ? (value as State) : this.#codec.decode(value)
  }
}

function checkOf(fields: Omit<StoredSnapshot, 'check'>): string {
  const { format, version, eventId, position, fingerprint, state, commands } = fields
  const parts = [format, version, eventId, position, fingerprint, state, commands]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

function warn({ kind, streamId, error }: SnapshotNotice): void {
  const reason = error instanceof Error ? error.message : String(error)
  process.emitWarning(`Eventspine: the snapshot of stream ${JSON.stringify(streamId)} is ${kind}: ${reason}`)
}
