import {
  type Backend,
  type DocumentAddress,
  type DocumentStoreAdapter,
  type DocumentStoreParts,
  type DocumentPage,
  EventStoreError,
  invalidArgument,
  notSupported,
} from '@eventspine/core'
import { inParallel } from './in-parallel.ts'
import type { PayloadParts } from './parts.ts'
import { headOfDocument, type PayloadHead, PAYLOADS } from './payload-document.ts'
import { ReferenceLookup } from './reference-lookup.ts'
import { partsOf } from './with-payloads.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Documents of one page of a listing: each comes with its data. */
const PAGE_DOCUMENTS = 100
/** Documents that nothing fences are decided together, since that reads streams, or the whole log, through. */
const UNFENCED_AT_ONCE = 10_000

export interface CollectOptions {
  /** Tell what would be deleted, and delete nothing. Default `false`. */
  readonly dryRun?: boolean | undefined
  /**
   * Milliseconds for which a payload is left alone whose append no expected version fences: longer than any such append
   * may take, and than clocks may differ. Default one day.
   */
  readonly graceMs?: number | undefined
  /** Told of each orphan, before it is deleted. */
  readonly onOrphan?: ((orphan: Orphan) => void) | undefined
}

/** A payload that no event refers to, nor ever will. */
export interface Orphan {
  readonly key: string
  readonly segment: string
  readonly eventId: string
  readonly streamId: string
}

/** Numbers of documents. */
export interface Collected {
  /** Of this target. */
  readonly examined: number
  readonly orphans: number
  /** Fewer than `orphans` in a dry run, and where a writer has come back to one. */
  readonly deleted: number
  /** Their stream is not yet where it would be decided, or they are in their period of grace. */
  readonly undecided: number
}

interface Candidate {
  readonly documents: DocumentStoreParts
  readonly address: DocumentAddress
  readonly revision: string
  readonly head: PayloadHead
}

/**
 * Deletes payloads that crashes, conflicts and refused appends have left: those whose stream has passed the version that
 * their event would have, without that event referring to them; where nothing fenced the append, those that are older
 * than `graceMs` and that no event refers to (law P2). Whatever is written meanwhile, nothing is deleted that an event
 * refers to or will refer to: what a writer has renewed since it was looked at stays.
 *
 * It reads all payload documents of the segments' stores. Interrupted, it may simply be run again.
 *
 * @param backend - made by `withPayloads`, with all segments that writers use.
 * @throws an EventStoreError `INVALID_ARGUMENT`: another backend; `NOT_SUPPORTED`: the documents cannot be listed. After
 *   others a part may be deleted.
 */
export async function collectOrphans(backend: Backend, options: CollectOptions = {}): Promise<Collected> {
  const made = partsOf(backend)
  if (made === undefined) throw invalidArgument('backend', 'was not made by withPayloads')
  const { dryRun = false, graceMs = DAY_MS, onOrphan } = options
  if (!Number.isFinite(graceMs) || graceMs < 0)
    throw invalidArgument('graceMs', 'must be a number of at least 0')
  const { parts, target } = made
  const counts = { examined: 0, orphans: 0, deleted: 0, undecided: 0 }
  const lookup = new ReferenceLookup(target)
  const settle = async (candidates: readonly Candidate[]): Promise<void> => {
    const verdicts = await lookup.verdicts(candidates.map(({ head }) => head))
    const orphans = candidates.filter((_, index) => verdicts[index] === 'orphan')
    counts.undecided += verdicts.filter((verdict) => verdict === 'undecided').length
    counts.orphans += orphans.length
    for (const orphan of orphans) onOrphan?.(described(orphan))
    if (!dryRun) counts.deleted += await deleteAll(orphans, parts)
  }
  const unfenced: Candidate[] = []
  for (const documents of storesOf(parts)) {
    for await (const page of payloadPages(documents)) {
      const ours = page.filter(({ head }) => head.store === parts.store)
      counts.examined += ours.length
      const fenced = ours.filter(({ head }) => head.version !== undefined)
      const old = ours.filter(({ head }) => head.version === undefined && isOld(head, graceMs))
      counts.undecided += ours.length - fenced.length - old.length
      await settle(fenced)
      unfenced.push(...old)
      if (unfenced.length >= UNFENCED_AT_ONCE) await settle(unfenced.splice(0))
    }
  }
  await settle(unfenced)
  return counts
}

function isOld({ writtenAt }: PayloadHead, graceMs: number): boolean {
  return writtenAt !== undefined && Date.now() - writtenAt > graceMs
}

function storesOf({ options }: PayloadParts): readonly DocumentStoreParts[] {
  const stores = new Map<DocumentStoreAdapter, DocumentStoreParts>()
  for (const { documents } of [options.data, ...options.named]) stores.set(documents.adapter, documents)
  return [...stores.values()]
}

async function* payloadPages(documents: DocumentStoreParts): AsyncGenerator<readonly Candidate[]> {
  const { adapter, capabilities, name, partitions } = documents
  if (capabilities.listing === 'none')
    throw notSupported(`${name} does not list documents, so none can be collected`)
  for (let partition = 0; partition < partitions; partition++) {
    let after: string | undefined
    do {
      documents.checkOpen()
      const page: DocumentPage = await adapter.doList({
        collection: PAYLOADS,
        partition,
        prefix: '',
        after,
        limit: PAGE_DOCUMENTS,
      })
      yield page.documents.flatMap(({ key, value, revision }): readonly Candidate[] => {
        const head = headOfDocument(value)
        // What a later version has written is for that version to judge.
        if (head === undefined) return []
        return [{ documents, address: { collection: PAYLOADS, partition, key }, revision, head }]
      })
      after = page.next
    } while (after !== undefined)
  }
}

/** Deletes what is still as it was looked at. Returns how many. */
async function deleteAll(orphans: readonly Candidate[], { options }: PayloadParts): Promise<number> {
  let deleted = 0
  await inParallel(orphans, options.callsInFlight, async ({ documents, address, revision }) => {
    const outcome = await documents.adapter.doWrite([
      { ...address, value: undefined, expectedRevision: { revision }, expiresInMs: undefined, listed: true },
    ])
    if (outcome.ok) deleted++
    else if (!EventStoreError.is(outcome.error, 'REVISION_CONFLICT')) throw outcome.error
  })
  return deleted
}

function described({ address, head }: Candidate): Orphan {
  return { key: address.key, segment: head.segment, eventId: head.event, streamId: head.stream }
}
