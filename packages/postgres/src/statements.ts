import { createHash } from 'node:crypto'
import type { Statement } from './driver.ts'
import { quoteSchema } from './schema-name.ts'

/** Every statement of a store but those that create it. All else is in the functions of `sql/`. */
export type Statements = ReturnType<typeof createStatements>

/** The statements for the store in `schema`. */
export function createStatements(schema: string) {
  const prefix = quoteSchema(schema)
  const statement = (text: string, writes: boolean): Statement => {
    // The text decides, so that stores of several schemas can share a connection.
    const name = `eventspine_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
    return { name, text, writes }
  }
  const call = (name: string, parameters: number): string => {
    const list = Array.from({ length: parameters }, (_, index) => `$${index + 1}`)
    return `${prefix}.${name}(${list.join(', ')})`
  }
  const rows = (name: string, parameters: number) =>
    statement(`select * from ${call(name, parameters)}`, false)
  const look = (name: string, parameters: number) => statement(`select ${call(name, parameters)}`, false)
  const write = (name: string, parameters: number) => statement(`select ${call(name, parameters)}`, true)
  return {
    store: statement(
      `select schema_version::text, format_version::text, incarnation, partitions::text, hash, codec from ${prefix}.store`,
      false,
    ),
    appendOne: write('append_one', 10),
    append: write('append', 24),
    appendNested: write('append_nested', 24),
    removeEvents: write('remove_events', 5),
    importEvents: write('import_events', 12),
    seal: write('seal', 3),
    writeDocument: write('write_document', 7),
    sweepDocuments: write('sweep_documents', 1),
    streamHead: look('stream_head', 1),
    readForward: rows('read_forward', 4),
    readBackward: rows('read_backward', 4),
    readFeed: rows('read_feed', 3),
    feedHead: look('feed_head', 1),
    feedHeads: look('feed_heads', 1),
    getDocuments: rows('get_documents', 3),
    listDocuments: rows('list_documents', 5),
  } as const
}
