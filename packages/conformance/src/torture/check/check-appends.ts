import type { StreamWasRead } from '../history.ts'
import type { StoreContents } from '../store-contents.ts'
import type { Place } from './check-store.ts'
import type { TriedOperation } from './operations.ts'
import type { Violations } from './violation.ts'

/** Checks what was acknowledged, refused or unknown against what a store holds. */
export function checkAppends(
  operations: ReadonlyMap<string, TriedOperation>,
  places: ReadonlyMap<string, Place>,
  contents: StoreContents,
  violations: Violations,
): void {
  const documents = new Set(contents.documents)
  const invoked = new Set<string>()
  for (const operation of operations.values()) {
    for (const { ids } of operation.invoked.streams) for (const id of ids) invoked.add(id)
    if (operation.status === 'ok') checkAcknowledged(operation, places, documents, violations)
    else if (operation.status === 'failed') checkRefused(operation, places, documents, violations)
    else checkWhole(operation, places, documents, violations)
  }
  for (const [id, { streamId }] of places) {
    if (!invoked.has(id)) violations.add('phantom', `event ${id} of ${streamId} was written by nobody`)
  }
}

function checkAcknowledged(
  { invoked, acknowledged }: TriedOperation,
  places: ReadonlyMap<string, Place>,
  documents: ReadonlySet<string>,
  violations: Violations,
): void {
  const { operation } = invoked
  for (const { streams } of acknowledged) {
    invoked.streams.forEach(({ streamId, expectedVersion, ids }, index) => {
      const said = streams[index]
      const version = said?.version ?? 0
      const first = version - ids.length + 1
      if (typeof expectedVersion === 'number' && first !== expectedVersion + 1) {
        violations.add(
          'reordered',
          `${operation} expected ${streamId} at ${expectedVersion} and was put at ${first}`,
        )
      }
      ids.forEach((id, offset) => {
        const place = places.get(id)
        if (place === undefined) {
          violations.add('lost', `${operation}: acknowledged event ${id} of ${streamId} is not there`)
        } else if (place.streamId !== streamId || place.version !== first + offset) {
          violations.add(
            'lost',
            `${operation}: event ${id} stands at ${place.version} of ${place.streamId}, not at ${first + offset} as said`,
          )
        }
      })
      const last = places.get(ids.at(-1) ?? '')
      if (last !== undefined && said?.position !== last.position) {
        violations.add(
          'lost',
          `${operation}: event ${ids.at(-1)} stands at ${last.position}, not at ${said?.position} as said`,
        )
      }
    })
  }
  if (invoked.document !== undefined && !documents.has(invoked.document)) {
    violations.add('lost', `${operation}: the document of the same commit is not there`)
  }
}

function checkRefused(
  { invoked }: TriedOperation,
  places: ReadonlyMap<string, Place>,
  documents: ReadonlySet<string>,
  violations: Violations,
): void {
  const { operation, streams, document } = invoked
  for (const { ids } of streams) {
    for (const id of ids)
      if (places.has(id)) violations.add('phantom', `${operation} was refused, and event ${id} is there`)
  }
  if (document !== undefined && documents.has(document)) {
    violations.add('phantom', `${operation} was refused, and its document is there`)
  }
}

/** Nobody knows whether it happened: but whole, or not at all. */
function checkWhole(
  { invoked }: TriedOperation,
  places: ReadonlyMap<string, Place>,
  documents: ReadonlySet<string>,
  violations: Violations,
): void {
  const ids = invoked.streams.flatMap(({ ids }) => ids)
  const present = ids.filter((id) => places.has(id)).length
  const document = invoked.document === undefined ? present > 0 : documents.has(invoked.document)
  if ((present !== 0 && present !== ids.length) || document !== present > 0) {
    violations.add('torn', `${invoked.operation}: ${present} of ${ids.length} events are there`)
  }
  for (const { ids: ofStream } of invoked.streams) {
    ofStream.forEach((id, index) => {
      const before = places.get(ofStream[index - 1] ?? '')
      const place = places.get(id)
      if (before !== undefined && place !== undefined && place.version !== before.version + 1) {
        violations.add('torn', `${invoked.operation}: something stands between its events`)
      }
    })
  }
}

/** Checks that what was acknowledged before something began lies below it: for later appends, and for reads. */
export function checkRealTime(
  operations: ReadonlyMap<string, TriedOperation>,
  reads: readonly StreamWasRead[],
  violations: Violations,
): void {
  const moments = momentsOf(operations, reads)
  const known = new Map<string, number>()
  for (const { kind, streamId, version, what } of moments) {
    const acknowledged = known.get(streamId) ?? 0
    if (kind === 'acknowledged') known.set(streamId, Math.max(acknowledged, version))
    else if (kind === 'read' && version < acknowledged) {
      violations.add(
        'stale',
        `a read of ${streamId} ended at ${version}, though ${acknowledged} was acknowledged before`,
      )
    } else if (kind === 'placed' && version <= acknowledged) {
      violations.add(
        'reordered',
        `${what} began after ${acknowledged} of ${streamId} was acknowledged and stands at ${version}`,
      )
    }
  }
}

interface Moment {
  readonly atUs: number
  readonly kind: 'placed' | 'read' | 'acknowledged'
  readonly streamId: string
  readonly version: number
  readonly what: string
}

function momentsOf(
  operations: ReadonlyMap<string, TriedOperation>,
  reads: readonly StreamWasRead[],
): readonly Moment[] {
  const moments: Moment[] = reads.map(({ startedUs, streamId, version }) => ({
    atUs: startedUs,
    kind: 'read',
    streamId,
    version,
    what: 'read',
  }))
  for (const { invoked, invokedUs, acknowledged } of operations.values()) {
    const [first] = acknowledged
    if (first === undefined) continue
    invoked.streams.forEach(({ streamId, ids }, index) => {
      const version = first.streams[index]?.version ?? 0
      const what = invoked.operation
      moments.push({ atUs: invokedUs, kind: 'placed', streamId, version: version - ids.length + 1, what })
      moments.push({ atUs: first.atUs, kind: 'acknowledged', streamId, version, what })
    })
  }
  // At the same microsecond nothing is known to be before the other.
  const rank = { placed: 0, read: 1, acknowledged: 2 }
  return moments.sort((a, b) => a.atUs - b.atUs || rank[a.kind] - rank[b.kind])
}
