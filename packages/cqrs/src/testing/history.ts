import type { ContractShape, EventDefinitions, NewEvent, RecordedEvent, StreamId } from '@eventspine/core'
import { GivenEvent } from './given-event.ts'

/** Events of one stream; made by {@link on}. */
export interface StreamEvents {
  readonly streamId: StreamId
  readonly events: readonly NewEvent[]
}

/**
 * Events of one stream, for the specification of a projection or a process: `on(account.stream('42'), opened)`.
 * They stand in the feed in the order in which they are given.
 */
export function on(streamId: StreamId, ...events: readonly NewEvent[]): StreamEvents {
  return { streamId, events }
}

/** What a specification asks of a contract beyond its types: every contract of `defineEvents` has it. */
export interface TestedContract extends ContractShape {
  validate(events: readonly never[]): Promise<readonly NewEvent[]>
}

/** Events as if they had been stored, one after the other. */
export class History {
  readonly #contracts: readonly TestedContract[]
  readonly #versions = new Map<string, number>()
  #sequence = 0

  constructor(contracts: readonly TestedContract[]) {
    this.#contracts = contracts
  }

  /** Stores what is given: validated, unless an older version or name says that an older service has stored it. */
  async store({ streamId, events }: StreamEvents): Promise<readonly RecordedEvent[]> {
    const contract = this.#contracts.find(({ category }) => streamId.startsWith(`${category}:`))
    const stored: RecordedEvent[] = []
    for (const event of events) {
      const isOwn = contract !== undefined && isCurrent(contract.definitions, event)
      // Sound: the contract itself finds out whether it is one of its events.
      const [valid = event] = isOwn ? await contract.validate([event as never]) : []
      const version = (this.#versions.get(streamId) ?? 0) + 1
      this.#versions.set(streamId, version)
      stored.push(new GivenEvent(valid, streamId, version, ++this.#sequence))
    }
    return stored
  }
}

function isCurrent(definitions: EventDefinitions, { type, schemaVersion }: NewEvent): boolean {
  const definition = definitions[type]
  if (definition === undefined) return false
  const version = 'schema' in definition && !('~standard' in definition) ? (definition.version ?? 1) : 1
  return schemaVersion === undefined || schemaVersion === version
}
