import { type Backend, invalidArgument, type OpenOptions } from '@eventspine/core'
import { MemoryDatabase } from './database.ts'
import { MemoryLogDatabase } from './log-database.ts'
import { memoryStream } from './memory-stream.ts'
import { memory } from './memory.ts'

const databases = new Map<string, MemoryDatabase>()
const logs = new Map<string, MemoryLogDatabase>()

/**
 * Opens `memory:` (a new database) or `memory:NAME` (one that this process shares under that name); with
 * `?topic=TOPIC` behind either, a native stream instead.
 */
export async function openUrl(url: string, options: OpenOptions = {}): Promise<Backend<undefined>> {
  const match = /^memory:(?:\/\/)?([\w-]*)(?:\?topic=([\w.-]+))?$/i.exec(url)
  if (match === null)
    throw invalidArgument('url', 'must be memory: or memory:NAME, with or without ?topic=TOPIC')
  const [, name = '', topic] = match
  if (topic === undefined) {
    if (name === '') return memory(options)
    return memory({ database: shared(databases, name, () => new MemoryDatabase(options)) })
  }
  if (name === '') return memoryStream(options)
  return memoryStream({ database: shared(logs, `${name}?${topic}`, () => new MemoryLogDatabase(options)) })
}

function shared<Value>(all: Map<string, Value>, name: string, create: () => Value): Value {
  const value = all.get(name) ?? create()
  all.set(name, value)
  return value
}
