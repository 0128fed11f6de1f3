import { createHash } from 'node:crypto'

/** A Lua script, which the server knows by the hash of its source once it has run it. */
export interface Script {
  readonly source: string
  readonly sha: string
}

/** Scripts have no effect of their own between calls: a server runs one at a time and all of its writes or none. */
export function script(source: string): Script {
  const trimmed = source.trim()
  return { source: trimmed, sha: createHash('sha1').update(trimmed).digest('hex') }
}
