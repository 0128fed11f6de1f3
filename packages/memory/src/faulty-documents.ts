import type { DocumentStoreAdapter } from '@eventspine/core'
import type { Faults } from './faults.ts'

/** The documents of a backend, with what is planned for their steps. */
export function faultyDocuments(documents: DocumentStoreAdapter, faults: Faults): DocumentStoreAdapter {
  return {
    doGet: (addresses) => faults.run('get', () => documents.doGet(addresses)),
    doWrite: (writes) => faults.run('write', () => documents.doWrite(writes)),
    doList: (request) => faults.run('list', () => documents.doList(request)),
  }
}
