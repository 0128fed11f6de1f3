import type { Commit } from '@eventspine/core'

/** UTF-16 units of bodies in one call: it is one message in the driver and the server, several times over. */
const MAX_CALL_LENGTH = 8 * 1024 * 1024

/** Splits a batch so that no call gets too large. A commit that is too large by itself goes alone. */
export function callsOf(commits: readonly Commit[]): readonly (readonly Commit[])[] {
  const calls: Commit[][] = []
  let left = 0
  for (const commit of commits) {
    const length = lengthOf(commit)
    const call = calls.at(-1)
    if (call !== undefined && length <= left) {
      call.push(commit)
    } else {
      calls.push([commit])
      left = MAX_CALL_LENGTH
    }
    left -= length
  }
  return calls
}

function lengthOf({ appends, documents }: Commit): number {
  let length = 0
  for (const { events } of appends)
    for (const { data, metadata } of events) length += data.length + metadata.length
  for (const { value } of documents) length += value?.length ?? 0
  return length
}
