import { createHash } from 'node:crypto'
import type { Statement } from './driver.ts'
import { quoteSchema } from './schema-name.ts'

/** Every statement of a store but those that create it. All else is in the functions of `sql/`. */
export type Statements = ReturnType<typeof createStatements>

/**
 * The statements for the store in `schema`.
 *
 * @param parsesJson - the driver parses columns of json, which have to be text for it.
 */
export function createStatements(schema: string, parsesJson = false) {
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
  const body = (name: string): string => (parsesJson ? `r.${name}::text` : `r.${name}`)
  const event = `r.r_line, ${body('r_data')}, ${body('r_metadata')}`
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
    readForward: statement(
      `select ${event} from ${call('stream_chunks', 4)} c cross join lateral ${prefix}.read_forward($1, c.r_low, c.r_high) r`,
      false,
    ),
    readBackward: statement(`select ${event} from ${call('read_backward', 4)} r`, false),
    readFeed: statement(
      `select ${event} from ${call('feed_chunks', 3)} c cross join lateral ${prefix}.read_feed($1, c.r_low, c.r_high, c.r_line) r`,
      false,
    ),
    feedHead: look('feed_head', 1),
    feedHeads: look('feed_heads', 1),
    getDocuments: rows('get_documents', 3),
    listDocuments: rows('list_documents', 5),
  } as const
}
