import type { CheckpointSeen, ConsumerChange, Handling, SeenEvent } from '../history.ts'
import type { StoreContents } from '../store-contents.ts'
import { amountOfId, countAmount, NOTHING_COUNTED } from '../workload-data.ts'
import { sequenceOf, type Violations } from './violation.ts'

/** A consumer group of a history. */
export interface CheckedGroup {
  readonly group: string
  readonly effects: 'at-least-once' | 'exactly-once' | 'transaction'
  readonly maxInFlightEvents: number
}

/** What was written down about one group in one partition. */
export interface GroupHistory {
  readonly group: CheckedGroup
  readonly partition: number
  readonly handlings: readonly Handling[]
  readonly changes: readonly ConsumerChange[]
  readonly checkpoints: readonly CheckpointSeen[]
}

/** Checks one group in one partition. Everybody has caught up, and nobody writes. */
export function checkConsumers(history: GroupHistory, contents: StoreContents, violations: Violations): void {
  const feed = contents.feed[history.partition] ?? []
  checkOwners(history, violations)
  checkOverlap(history, violations)
  checkCheckpoints(history, feed, violations)
  if (history.group.effects === 'at-least-once') {
    checkCoverage(history, feed, violations)
    checkOrder(history, violations)
    checkRepeats(history, violations)
  } else {
    checkCounted(history.group.group, feed, contents, violations)
  }
}

/** A fencing token belongs to one owner. */
function checkOwners({ group, partition, changes }: GroupHistory, violations: Violations): void {
  const owners = new Map<number, string>()
  for (const { kind, fencingToken, consumer } of changes) {
    if (kind !== 'owned' || fencingToken === undefined) continue
    const owner = owners.get(fencingToken)
    if (owner !== undefined) {
      violations.add(
        'overlapping',
        `${group.group}/${partition}: ${owner} and ${consumer} own it with token ${fencingToken}`,
      )
    }
    owners.set(fencingToken, consumer)
  }
}

/** Under one token, a stream's events are handled one after the other. */
function checkOverlap({ group, partition, handlings }: GroupHistory, violations: Violations): void {
  const running = new Map<string, string>()
  for (const { kind, fencingToken, streamId, id } of handlings) {
    const key = `${fencingToken} ${streamId}`
    const busy = running.get(key)
    if (kind !== 'handling') running.delete(key)
    else if (busy === undefined) running.set(key, id)
    else
      violations.add(
        'overlapping',
        `${group.group}/${partition}: ${streamId} was handled at ${busy} and ${id} at once`,
      )
  }
}

/** Everything in the feed was handled. */
function checkCoverage(
  { group, partition, handlings }: GroupHistory,
  feed: readonly SeenEvent[],
  violations: Violations,
): void {
  const handled = new Set(handlings.filter(({ kind }) => kind === 'handled').map(({ id }) => id))
  const standing = new Set(feed.map(([, id]) => id))
  for (const [position, id] of feed) {
    if (!handled.has(id))
      violations.add('skipped', `${group.group}/${partition} never handled event ${id} at ${position}`)
  }
  for (const id of handled) {
    if (!standing.has(id))
      violations.add('phantom', `${group.group}/${partition} handled event ${id}, which is not there`)
  }
}

/** Under one token a stream's events come in order; the first behind at most what was handled before. */
function checkOrder({ group, partition, handlings }: GroupHistory, violations: Violations): void {
  const highest = new Map<string, number>()
  const last = new Map<string, number>()
  for (const { kind, fencingToken, streamId, version } of handlings) {
    if (kind !== 'handled') continue
    const key = `${fencingToken} ${streamId}`
    const before = last.get(key) ?? 0
    if (version <= before) {
      violations.add(
        'reordered',
        `${group.group}/${partition} handled version ${version} of ${streamId} after ${before}`,
      )
    }
    const reached = highest.get(streamId) ?? 0
    if (version > reached + 1) {
      violations.add(
        'skipped',
        `${group.group}/${partition} handled version ${version} of ${streamId} right after ${reached}`,
      )
    }
    last.set(key, version)
    highest.set(streamId, Math.max(version, reached))
  }
}

/** What an owner handles again was in hand when it took over. */
function checkRepeats({ group, partition, handlings }: GroupHistory, violations: Violations): void {
  const handled = new Set<string>()
  const repeats = new Map<number, number>()
  for (const { kind, fencingToken, id } of handlings) {
    if (kind !== 'handled') continue
    if (handled.has(id)) repeats.set(fencingToken, (repeats.get(fencingToken) ?? 0) + 1)
    handled.add(id)
  }
  for (const [token, count] of repeats) {
    if (count > group.maxInFlightEvents) {
      violations.add(
        'doubled',
        `${group.group}/${partition}: the owner with token ${token} repeated ${count} events, ${group.maxInFlightEvents} may be`,
      )
    }
  }
}

/** Nobody sees a checkpoint before all it covers was handled, and none that goes back. */
function checkCheckpoints(
  { group, partition, handlings, checkpoints }: GroupHistory,
  feed: readonly SeenEvent[],
  violations: Violations,
): void {
  const handledUs = new Map<string, number>()
  for (const { kind, id, atUs } of handlings) {
    if (kind === 'handled' && !handledUs.has(id)) handledUs.set(id, atUs)
  }
  const sorted = [...checkpoints].sort((a, b) => a.atUs - b.atUs)
  let covered = 0
  let coveredUs = 0
  for (const { position, atUs } of sorted) {
    const sequence = sequenceOf(position)
    // Sequences may have gaps: a checkpoint covers the events that stand at or below it.
    for (; covered < feed.length; covered++) {
      const [at, id] = feed[covered] ?? []
      if (at === undefined || id === undefined || sequenceOf(at) > sequence) break
      coveredUs = Math.max(coveredUs, handledUs.get(id) ?? Infinity)
    }
    if (coveredUs > atUs) {
      violations.add(
        'unearned',
        `${group.group}/${partition}: the checkpoint stood at ${sequence} before everything up to it was handled`,
      )
      return
    }
  }
  checkMonotonic(group.group, partition, checkpoints, violations)
}

function checkMonotonic(
  group: string,
  partition: number,
  checkpoints: readonly CheckpointSeen[],
  violations: Violations,
): void {
  // What was read completely before another read began must not lie beyond it.
  const moments = checkpoints.flatMap(({ position, startedUs, atUs }) => [
    { atUs: startedUs, ended: false, sequence: sequenceOf(position) },
    { atUs, ended: true, sequence: sequenceOf(position) },
  ])
  moments.sort((a, b) => a.atUs - b.atUs || Number(a.ended) - Number(b.ended))
  let highest = 0
  for (const { ended, sequence } of moments) {
    if (ended) highest = Math.max(highest, sequence)
    else if (sequence < highest) {
      violations.add(
        'unearned',
        `${group}/${partition}: the checkpoint went back from ${highest} to ${sequence}`,
      )
    }
  }
}

/** What handlers counted with their checkpoint is the fold of the events, each of them once. */
function checkCounted(
  group: string,
  feed: readonly SeenEvent[],
  contents: StoreContents,
  violations: Violations,
): void {
  const folded = new Map<string, typeof NOTHING_COUNTED>()
  for (const [, id, streamId, version] of feed) {
    folded.set(streamId, countAmount(folded.get(streamId) ?? NOTHING_COUNTED, version, amountOfId(id)))
  }
  for (const [streamId, expected] of folded) {
    const counted = contents.counted[group]?.[streamId] ?? NOTHING_COUNTED
    if (counted.count < expected.count) {
      violations.add(
        'skipped',
        `${group} counted ${counted.count} events of ${streamId}, there are ${expected.count}`,
      )
    } else if (counted.count > expected.count) {
      violations.add(
        'doubled',
        `${group} counted ${counted.count} events of ${streamId}, there are ${expected.count}`,
      )
    } else if (counted.lastVersion !== expected.lastVersion || counted.total !== expected.total) {
      violations.add('reordered', `${group} counted the events of ${streamId} in another order`)
    }
  }
}
