import { registerCases } from './case-runner.ts'
import { documentCases } from './document-cases.ts'
import type { KitOptions } from './kit.ts'

/** Registers every case of the `DocumentStore` port for one adapter. */
export function testDocumentStore(options: KitOptions): void {
  registerCases(options, 'DocumentStore', documentCases)
}
