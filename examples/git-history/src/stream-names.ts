import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'

/** Longest stream id of Eventspine, in bytes of UTF-8. */
const MAX_STREAM_ID_BYTES = 255
/** Leaves most of a stream id to the path. */
const MAX_BRANCH_BYTES = 60
const ROOT_CHARACTERS = 12

// What a stream id cannot hold, and `%` itself, so that no two paths get the same name.
// oxlint-disable-next-line no-control-regex
const ESCAPED = /[%\u0000-\u001f\u007f-\u009f]/gu

/**
 * The streams of one history in a store that may hold many: `branch:KEY` and `file:KEY/PATH`.
 *
 * The key is `BRANCH@ROOT`: the branch's name and the first 12 digits of the history's first commit, so that all
 * clones of a repository have the same streams. A history that was rewritten gets an edition of its own, `~2`, `~3` ….
 */
export class StreamNames {
  readonly key: string
  readonly branch: string
  /** What the ids of all file streams of this history start with. */
  readonly filePrefix: string

  constructor(branch: Buffer, root: string, edition: number) {
    const name = shortened(
      escapeBytes(branch).replaceAll('/', '%2F').replaceAll('@', '%40'),
      branch,
      MAX_BRANCH_BYTES,
    )
    this.key = `${name}@${root.slice(0, ROOT_CHARACTERS)}${edition === 1 ? '' : `~${edition}`}`
    this.branch = `branch:${this.key}`
    this.filePrefix = `file:${this.key}/`
  }

  /** The stream of a path: as it is where that is a valid id, else escaped, and where that is too long hashed. */
  file(path: Buffer): string {
    const maxBytes = MAX_STREAM_ID_BYTES - Buffer.byteLength(this.filePrefix)
    return this.filePrefix + shortened(escapeBytes(path), path, maxBytes)
  }
}

/**
 * Bytes as text that a stream id can hold: control characters and `%` become `%XX`, and where the bytes are not
 * UTF-8 all above ASCII do. Different bytes give different texts.
 */
function escapeBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8').replace(ESCAPED, (text) => percent(Buffer.from(text)))
  return Array.from(bytes, (byte) =>
    isPlain(byte) ? String.fromCharCode(byte) : percent(Buffer.of(byte)),
  ).join('')
}

function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f && byte !== 0x25
}

function percent(bytes: Buffer): string {
  return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

/** No escaped text holds `%~`, so a hash is never taken for a path. */
function shortened(escaped: string, bytes: Buffer, maxBytes: number): string {
  if (Buffer.byteLength(escaped) <= maxBytes) return escaped
  const hash = createHash('sha256').update(bytes).digest('hex')
  return `%~${hash.slice(0, Math.min(hash.length, maxBytes - 2))}`
}
