import { join } from 'node:path'
import {
  parsePosition,
  type OpenOptions,
  type ParsedPosition,
  type Position,
  type Token,
} from '@eventspine/core'
import { ChildProcess } from '../child/child-process.ts'
import type { ChildAccess } from '../kit.ts'
import { checkHistory } from './check/check-history.ts'
import { operationsOf, type TriedOperation } from './check/operations.ts'
import type { Violation } from './check/violation.ts'
import type { ConsumerRecorderOptions } from './consumer-recorder.ts'
import type { HistoryRecord } from './history.ts'
import { readJournal } from './journal.ts'
import { isExact } from './operation.ts'
import type { StoreContents } from './store-contents.ts'

export interface FleetOptions {
  readonly access: ChildAccess
  /** How every process opens the store. Default: it is there already. */
  readonly open?: OpenOptions
  /** An existing, empty folder: every process keeps its journal there. */
  readonly directory: string
  readonly seed: number
  readonly streamIds: readonly string[]
  readonly writersPerProcess: number
  readonly consumers: readonly ConsumerRecorderOptions[]
}

/** One process that works on the store. */
export interface FleetMember {
  readonly name: string
  readonly child: ChildProcess
}

/** What a settled store showed. */
export interface Settled {
  readonly violations: readonly Violation[]
  readonly records: readonly HistoryRecord[]
  readonly contents: StoreContents
  readonly operations: ReadonlyMap<string, TriedOperation>
}

/** Much longer than it takes: a machine may be busy. */
const CATCH_UP_MS = 180_000

/**
 * Processes that write to, read from and consume one store, all of them writing down what they do. Any of
 * them may be killed at any moment; {@link Fleet.settle} then says whether the store kept its promises.
 */
export class Fleet implements AsyncDisposable {
  readonly #options: FleetOptions
  readonly #journals: string[] = []
  readonly #members: FleetMember[] = []
  readonly #doomed = new Set<FleetMember>()
  #started = 0
  #spare: Promise<ChildProcess> | undefined

  constructor(options: FleetOptions) {
    this.#options = options
  }

  /** Processes that have not ended. */
  get members(): readonly FleetMember[] {
    return this.#members.filter(({ child }) => !child.ended)
  }

  /** This process may end: one that ends without it has broken a promise. */
  doom(member: FleetMember): void {
    this.#doomed.add(member)
  }

  /** Starts a process ahead of its need: loading the adapter takes longer than a round. */
  warmUp(): void {
    this.#spare ??= this.#startLoaded()
    // Its failure shows where it is needed.
    this.#spare.catch(() => undefined)
  }

  /** Adds a process, consuming and reading, not writing yet. */
  async add(): Promise<FleetMember> {
    const { access, open = {}, directory, seed, streamIds, writersPerProcess, consumers } = this.#options
    const starting = this.#spare ?? this.#startLoaded()
    this.#spare = undefined
    const number = ++this.#started
    const child = await starting
    const name = `p${number}`
    const journal = join(directory, `${name}.jsonl`)
    try {
      await child.call('open', { module: access.module, url: access.url, options: open })
      await child.call('startWorkload', {
        process: name,
        seed: seed + number * 100_003,
        streamIds,
        writers: writersPerProcess,
        consumers,
        watchFeed: true,
        journal,
      })
    } catch (error) {
      await child.kill()
      throw error
    }
    this.#journals.push(journal)
    const member = { name, child }
    this.#members.push(member)
    return member
  }

  /** Lets every process write. */
  async write(): Promise<void> {
    await Promise.all(this.members.map(({ child }) => child.call('resumeWriting', null)))
  }

  /** Appends of a process that were begun and have no outcome. */
  inFlight({ name }: FleetMember): number {
    const open = new Set<string>()
    for (const record of readJournal(join(this.#options.directory, `${name}.jsonl`))) {
      if (record.kind === 'invoke') open.add(record.operation)
      else if (record.kind === 'ok' || record.kind === 'failed' || record.kind === 'unknown')
        open.delete(record.operation)
    }
    return open.size
  }

  /** Everything that was written down so far. */
  records(): readonly HistoryRecord[] {
    return this.#journals.flatMap((path) => readJournal(path))
  }

  /**
   * Stops writing, decides by repeating them what nobody knows, waits until every reader and consumer is
   * through, and holds all that was written down against what the store holds.
   */
  async settle(): Promise<Settled> {
    const members = this.members
    await Promise.all(members.map(({ child }) => child.call('stopWriting', null)))
    const [decider] = members
    if (decider === undefined) throw new Error('nobody is left to settle the store')
    const unknown = [...operationsOf(this.records()).values()].filter(({ status }) => status === 'unknown')
    const operations = unknown.map(({ invoked }) => invoked).filter(isExact)
    await decider.child.call('decide', { operations })
    const catchUp = { timeoutMs: CATCH_UP_MS, token: acknowledgedUpTo(this.records()) }
    await Promise.all(members.map(({ child }) => child.call('catchUp', catchUp)))
    const { consumers, streamIds } = this.#options
    const records = this.records()
    const tried = operationsOf(records)
    const contents = await decider.child.call('contents', {
      streamIds,
      documents: [...tried.values()].flatMap(({ invoked: { document, streams } }) =>
        document === undefined ? [] : [[document, streams[0]?.streamId ?? ''] as const],
      ),
      countingGroups: consumers
        .filter(({ effects }) => effects !== 'at-least-once')
        .map(({ group }) => group),
    })
    const violations = [
      ...checkHistory({ records: this.records(), contents, groups: consumers }),
      ...this.#members.flatMap((member) => this.#unexpectedEnd(member)),
    ]
    return { violations, records, contents, operations: tried }
  }

  #unexpectedEnd(member: FleetMember): readonly Violation[] {
    const { ending } = member.child
    if (ending === undefined || this.#doomed.has(member)) return []
    return [{ kind: 'defect', what: `${member.name} ended by itself: ${ending}` }]
  }

  async #startLoaded(): Promise<ChildProcess> {
    const child = await ChildProcess.start()
    await child.call('load', { module: this.#options.access.module })
    return child
  }

  /** Ends every process in order. */
  async close(): Promise<void> {
    const spare = this.#spare
    this.#spare = undefined
    await Promise.all(this.members.map(({ child }) => child.close()))
    if (spare !== undefined) await (await spare).kill()
  }

  /** Kills what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    const spare = this.#spare
    this.#spare = undefined
    await Promise.all(this.members.map(({ child }) => child.kill()))
    if (spare !== undefined) await spare.then((child) => child.kill()).catch(() => undefined)
  }
}

/** The furthest that writers were told of in each partition. */
function acknowledgedUpTo(records: readonly HistoryRecord[]): Token {
  const furthest = new Map<number, ParsedPosition & { readonly position: Position }>()
  for (const record of records) {
    if (record.kind !== 'ok') continue
    for (const { position } of record.streams) {
      const parsed = parsePosition(position)
      if (parsed.sequence <= (furthest.get(parsed.partition)?.sequence ?? 0)) continue
      furthest.set(parsed.partition, { ...parsed, position })
    }
  }
  return Array.from(furthest.values(), ({ position }) => position).join(',')
}
