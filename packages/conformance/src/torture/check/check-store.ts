import type { StoreContents } from '../store-contents.ts'
import { sequenceOf, type Violations } from './violation.ts'

/** Where an event stands. */
export interface Place {
  readonly streamId: string
  readonly version: number
  readonly position: string
}

/**
 * Checks what a store holds against itself: versions without gaps, rising sequences, nothing twice, streams and feed
 * agreeing. Returns where every event stands.
 */
export function checkStore(contents: StoreContents, violations: Violations): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>()
  const versions = new Map<string, number>()
  contents.feed.forEach((events, partition) => {
    events.forEach(([position, id, streamId, version], index) => {
      if (places.has(id)) violations.add('doubled', `event ${id} stands twice in the feed`)
      places.set(id, { streamId, version, position })
      checkSequence(partition, position, events[index - 1]?.[0], violations)
      const before = versions.get(streamId) ?? 0
      versions.set(streamId, Math.max(version, before))
      if (version <= before) {
        violations.add('reordered', `the feed has version ${version} of ${streamId} behind version ${before}`)
      } else if (version > before + 1) {
        violations.add('gap', `the feed has version ${version} of ${streamId} right behind version ${before}`)
      }
    })
  })
  for (const [streamId, ids] of Object.entries(contents.streams))
    checkStream(streamId, ids, places, versions, violations)
  for (const id of contents.damaged) violations.add('damaged', `event ${id} came back with other data`)
  return places
}

function checkSequence(
  partition: number,
  position: string,
  before: string | undefined,
  violations: Violations,
): void {
  const sequence = sequenceOf(position)
  if (before !== undefined && sequence <= sequenceOf(before)) {
    violations.add(
      'reordered',
      `partition ${partition} has sequence ${sequence} behind ${sequenceOf(before)}`,
    )
  }
}

function checkStream(
  streamId: string,
  ids: readonly string[],
  places: ReadonlyMap<string, Place>,
  versions: ReadonlyMap<string, number>,
  violations: Violations,
): void {
  if (new Set(ids).size !== ids.length) violations.add('doubled', `stream ${streamId} holds an event twice`)
  ids.forEach((id, index) => {
    const place = places.get(id)
    if (place === undefined) {
      violations.add('lost', `event ${id} of ${streamId} is not in the feed`)
    } else if (place.streamId !== streamId || place.version !== index + 1) {
      violations.add(
        'reordered',
        `event ${id} is version ${index + 1} of ${streamId}, in the feed ${place.version} of ${place.streamId}`,
      )
    }
  })
  const inFeed = versions.get(streamId) ?? 0
  if (inFeed > ids.length)
    violations.add('lost', `stream ${streamId} reads up to ${ids.length}, the feed holds ${inFeed}`)
}
