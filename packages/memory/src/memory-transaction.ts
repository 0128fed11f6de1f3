import type { AdapterTransaction, DocumentAddress, StoredDocument } from '@eventspine/core'
import type { MemoryDatabase, Row } from './database.ts'
import { MemoryDocumentStore } from './memory-document-store.ts'
import { MemoryEventStore } from './memory-event-store.ts'

/** Runs `work` in the database's one transaction: what it wrote becomes visible at its end, or never. */
export function runTransaction<Result>(
  database: MemoryDatabase,
  lockTimeoutMs: number,
  work: (transaction: AdapterTransaction<undefined>) => Promise<Result>,
): Promise<Result> {
  return database.exclusively(lockTimeoutMs, async () => {
    const journal: Row[] = []
    const overlay = new Map<string, (DocumentAddress & StoredDocument) | undefined>()
    const documents = new MemoryDocumentStore(database, overlay)
    const store = new MemoryEventStore(database, documents, journal)
    const nested = async <Inner>(inner: () => Promise<Inner>): Promise<Inner> => {
      const rows = journal.length
      const before = new Map(overlay)
      try {
        return await inner()
      } catch (error) {
        database.undo(journal.splice(rows))
        overlay.clear()
        for (const [address, document] of before) overlay.set(address, document)
        throw error
      }
    }
    try {
      const result = await work({ store, documents, native: undefined, nested })
      for (const [address, document] of overlay) {
        if (document === undefined) database.documents.delete(address)
        else database.documents.set(address, document)
      }
      database.commit(journal)
      return result
    } catch (error) {
      database.undo(journal)
      throw error
    }
  })
}
