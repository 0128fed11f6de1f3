import { EventStoreError, invalidArgument } from './error.ts'
import { murmur2 } from './partition.ts'

declare const POSITION: unique symbol

/**
 * A place in the feed of one store: opaque, safe to store, compared with {@link comparePositions}.
 *
 * It names the store's incarnation, the partition, the sequence within it and a check of the event that
 * stands there, so that a position used against another store or a rewritten history is recognised.
 * The grammar is in `docs/wire.md`.
 */
export type Position = string & { readonly [POSITION]?: true }

/** What an append returns to wait for: one position a partition written to, joined by commas. */
export type Token = string & { readonly [POSITION]?: true }

/** A place within one partition as adapters see it. */
export interface FeedCursor {
  /** 0 stands before the first event; an event's sequence is a safe integer of at least 1. */
  readonly sequence: number
  /** {@link eventCheck} of the event at `sequence`; empty at 0. */
  readonly check: string
}

export interface ParsedPosition extends FeedCursor {
  readonly incarnation: string
  readonly partition: number
}

/** Stands before the first event of a partition. */
export const FEED_START: FeedCursor = { sequence: 0, check: '' }

const GRAMMAR = /^([0-9a-f]{16})\.(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,15})\.([0-9a-f]{8}|)$/

/** `toString(16)` is slow for numbers past 2^31, and every event of a feed has such a check. */
const BYTE_HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Eight hex digits of murmur2 over the event's id. */
export function eventCheck(id: string): string {
  const hash = murmur2(id)
  const hex = (shift: number): string => BYTE_HEX[(hash >>> shift) & 255] ?? ''
  return hex(24) + hex(16) + hex(8) + hex(0)
}

export function formatPosition(incarnation: string, partition: number, cursor: FeedCursor): Position {
  return `${incarnation}.${partition}.${cursor.sequence}.${cursor.check}`
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming `field` when `value` is no position. */
export function parsePosition(value: unknown, field = 'position'): ParsedPosition {
  const match = typeof value === 'string' ? GRAMMAR.exec(value) : null
  const sequence = Number(match?.[3])
  if (match === null || !Number.isSafeInteger(sequence) || (sequence === 0) !== (match[4] === '')) {
    throw invalidArgument(field, 'is not a position of an Eventspine store')
  }
  return { incarnation: match[1] ?? '', partition: Number(match[2]), sequence, check: match[4] ?? '' }
}

/**
 * Orders two positions of one partition of one store: negative when `a` is before `b`.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` when they are of different stores or partitions,
 *   between which there is no order.
 */
export function comparePositions(a: Position, b: Position): number {
  const left = parsePosition(a, 'a')
  const right = parsePosition(b, 'b')
  if (left.incarnation !== right.incarnation || left.partition !== right.partition) {
    throw invalidArgument('b', 'is a position of another store or partition, between which there is no order')
  }
  return left.sequence - right.sequence
}

export function joinToken(positions: readonly Position[]): Token {
  return positions.join(',')
}

/** The positions that a token stands for. @throws {@link EventStoreError} `INVALID_ARGUMENT`. */
export function parseToken(token: Token, field = 'token'): readonly ParsedPosition[] {
  if (typeof token !== 'string') throw invalidArgument(field, `must be a string, got ${typeof token}`)
  return token === '' ? [] : token.split(',').map((position) => parsePosition(position, field))
}

/** The error for a position that does not fit the store's history; a read, so nothing was written. */
export function feedDiverged(partition: number, reason: string): EventStoreError<'FEED_DIVERGED'> {
  return new EventStoreError('FEED_DIVERGED', `partition ${partition}: ${reason}`, { field: 'after' })
}
