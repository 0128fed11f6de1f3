import { EventStoreError } from '@eventspine/core'

/** Where one segment of an event's data is. */
export interface SegmentReference {
  readonly digest: string
  /** UTF-8 bytes of its JSON text. */
  readonly bytes: number
  /** Documents that it is split into; absent: one. */
  readonly parts?: number
  /** Of the documents' store; absent: 0. */
  readonly partition?: number
}

/** What an event with codec 2 has for its data; `docs/wire.md` has the format. */
export interface Reference {
  /** Of the data once it is joined. */
  readonly codec: 0 | 1
  readonly segments: Readonly<Record<string, SegmentReference>>
  /** The fields that no segment took. */
  readonly inline?: Readonly<Record<string, unknown>>
}

/** @param inline - JSON text of an object. */
export function referenceText(
  codec: 0 | 1,
  segments: Readonly<Record<string, SegmentReference>>,
  inline: string | undefined,
): string {
  const text = JSON.stringify({ codec, segments })
  return inline === undefined ? text : `${text.slice(0, -1)},"inline":${inline}}`
}

/** @throws an EventStoreError `STORE_INCOMPATIBLE`: it is no reference, or one of a later version. */
export function parseReference(text: string, eventId: string): Reference {
  const reference: unknown = JSON.parse(text)
  if (!isReference(reference)) {
    throw new EventStoreError(
      'STORE_INCOMPATIBLE',
      `event ${eventId} refers to its data in a way that this version of Eventspine does not know`,
    )
  }
  return reference
}

function isReference(value: unknown): value is Reference {
  if (typeof value !== 'object' || value === null) return false
  const { codec, segments } = value as { readonly codec?: unknown; readonly segments?: unknown }
  return (codec === 0 || codec === 1) && typeof segments === 'object' && segments !== null
}

/** UTF-8 bytes of all that a reference names. */
export function referencedBytes({ segments }: Reference): number {
  let bytes = 0
  for (const name in segments) bytes += segments[name]?.bytes ?? 0
  return bytes
}

/** The JSON text of the data, from the texts of its segments in the reference's order. */
export function joinedText(reference: Reference, texts: readonly string[]): string {
  const [only] = texts
  if (reference.inline === undefined && texts.length === 1 && only !== undefined) return only
  // Several are parts of one object, with no field in common.
  const inline = reference.inline === undefined ? [] : [JSON.stringify(reference.inline)]
  const members = [...inline, ...texts].map((text) => text.slice(1, -1)).filter((text) => text !== '')
  return `{${members.join(',')}}`
}
