import { CHECKPOINTS, firstNeeded, invalidArgument } from '@eventspine/core'
import type { DocumentStoreAdapter } from '@eventspine/core'
import type { Connection } from '../connection.ts'
import type { LogKeys } from './log-keys.ts'
import { trimScript } from './log-scripts.ts'

/** Entries that one call lets go: it holds up everybody else meanwhile. */
const STEP_ENTRIES = 10_000
const CHECKPOINTS_PAGE = 100

/** What of a log is kept. At least one rule must be given; what any of them lets go, goes. */
export interface TrimOptions {
  /** The newest events that every partition keeps. */
  readonly maxEvents?: number | undefined
  /** Milliseconds after which events go, by the server's clock. */
  readonly maxAgeMs?: number | undefined
  /**
   * Drops also what a group has not seen: its position has expired then. Default `false`: nothing goes that a group
   * has not handled, has in hand, or has parked.
   */
  readonly force?: boolean | undefined
}

/** What is left of a partition. */
export interface TrimmedPartition {
  readonly partition: number
  /** The lowest sequence that is kept; 1 when nothing was ever trimmed. */
  readonly firstKept: number
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option. */
export function checkTrimOptions({ maxEvents, maxAgeMs }: TrimOptions, field: string): void {
  if (maxEvents === undefined && maxAgeMs === undefined)
    throw invalidArgument(field, 'must say maxEvents, maxAgeMs or both')
  if (maxEvents !== undefined && !(Number.isSafeInteger(maxEvents) && maxEvents >= 0))
    throw invalidArgument(`${field}.maxEvents`, 'must be an integer of at least 0')
  if (maxAgeMs !== undefined && !(Number.isSafeInteger(maxAgeMs) && maxAgeMs >= 0))
    throw invalidArgument(`${field}.maxAgeMs`, 'must be an integer of at least 0')
}

export interface LogTrimmerParts {
  readonly connection: Connection
  readonly keys: readonly LogKeys[]
  readonly documents: DocumentStoreAdapter
}

/** Lets the old part of a log go. */
export class LogTrimmer {
  readonly #parts: LogTrimmerParts

  constructor(parts: LogTrimmerParts) {
    this.#parts = parts
  }

  async trim(
    partition: number,
    { maxEvents, maxAgeMs, force = false }: TrimOptions,
  ): Promise<TrimmedPartition> {
    const { connection, keys } = this.#parts
    const found = keys[partition]
    if (found === undefined) throw new RangeError(`there is no partition ${partition}`)
    const needed = force ? -1 : await this.#firstNeeded(partition)
    const args = [maxEvents ?? -1, maxAgeMs ?? -1, needed, force ? '1' : '', STEP_ENTRIES]
    const names = [found.log, found.head, found.parked, found.trimmed]
    for (;;) {
      const answer = await connection.writeScript(trimScript, names, args)
      // Two numbers, which a client may give as texts.
      const [firstKept, more] = answer as readonly (number | string)[]
      if (Number(more) === 0) return { partition, firstKept: Number(firstKept) }
    }
  }

  /**
   * The first event that stays for the groups with checkpoints: the one before what they need next, by which they
   * recognise that the log is still the one they read (law F8). Checkpoints only move on, so reading them first is safe.
   */
  async #firstNeeded(partition: number): Promise<number> {
    let first = Infinity
    let after: string | undefined
    do {
      const page = await this.#parts.documents.doList({
        collection: CHECKPOINTS,
        partition,
        prefix: '',
        after,
        limit: CHECKPOINTS_PAGE,
      })
      for (const { value } of page.documents) first = Math.min(first, firstNeeded(value) - 1)
      after = page.next
    } while (after !== undefined)
    return first === Infinity ? -1 : Math.max(1, first)
  }
}
