import type { StreamAppend, StreamOutcome } from './adapter.ts'
import type { StreamResult } from './event-store.ts'
import { joinToken, parsePosition, type Position, type Token } from './position.ts'

/** For each partition that a commit wrote to, the position of its last event there. */
export function tokenOf(
  appends: readonly StreamAppend[],
  outcomes: readonly StreamOutcome[],
  results: readonly StreamResult[],
): Token {
  if (results.length === 1) return results[0]?.position ?? ''
  const last = new Map<number, number>()
  appends.forEach(({ partition }, index) => {
    const sequence = outcomes[index]?.sequence ?? 0
    if (sequence > (outcomes[last.get(partition) ?? -1]?.sequence ?? 0)) last.set(partition, index)
  })
  return joinToken(Array.from(last.values(), (index) => results[index]?.position ?? ''))
}

/** One token for several commits: the last position in each partition. */
export function furthest(tokens: readonly Token[]): Token {
  if (tokens.length === 1) return tokens[0] ?? ''
  const last = new Map<number, { readonly position: Position; readonly sequence: number }>()
  for (const position of tokens.flatMap((token) => token.split(','))) {
    const { partition, sequence } = parsePosition(position)
    if (sequence > (last.get(partition)?.sequence ?? 0)) last.set(partition, { position, sequence })
  }
  return joinToken(Array.from(last.values(), ({ position }) => position))
}
