import { documentArgumentCases } from './cases/document-arguments.ts'
import { documentBatchCases } from './cases/document-batch.ts'
import { documentExpiryCases } from './cases/document-expiry.ts'
import { documentListingCases } from './cases/document-listing.ts'
import { documentCases as plainDocumentCases } from './cases/documents.ts'
import type { Case } from './kit.ts'

/** Every case of the `DocumentStore` port. */
export const documentCases: readonly Case[] = [
  ...plainDocumentCases,
  ...documentBatchCases,
  ...documentExpiryCases,
  ...documentListingCases,
  ...documentArgumentCases,
]
