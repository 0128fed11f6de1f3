import { joinToken, parsePosition, type Position, type Token } from './position.ts'

/** One token for several commits, or for the streams of one: the last position in each partition. */
export function furthest(tokens: readonly Token[]): Token {
  if (tokens.length === 1) return tokens[0] ?? ''
  const last = new Map<number, { readonly position: Position; readonly sequence: number }>()
  for (const position of tokens.flatMap((token) => token.split(','))) {
    const { partition, sequence } = parsePosition(position)
    if (sequence > (last.get(partition)?.sequence ?? 0)) last.set(partition, { position, sequence })
  }
  return joinToken(Array.from(last.values(), ({ position }) => position))
}
