import { PGlite } from '@electric-sql/pglite'
import { testDocumentStore, testEventStore } from '@eventspine/conformance'
import type { OpenRequest } from '@eventspine/conformance'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { openPglite } from './backend.ts'
import { openReference } from './reference.ts'

let client: PGlite
beforeAll(async () => void (client = await PGlite.create()))
afterAll(() => client.close())

const open = (request: OpenRequest) => openPglite(client, request)
const kit = { describe, it, name: 'pglite', open, reference: openReference }

testEventStore(kit)
testDocumentStore(kit)
