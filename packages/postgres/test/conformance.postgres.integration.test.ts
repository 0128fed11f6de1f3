import { testDocumentStore, testEventStore } from '@eventspine/conformance'
import type { OpenRequest } from '@eventspine/conformance'
import { createDatabase, type OwnDatabase } from '@eventspine/servers'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { openPostgres, serverUrl } from './backend.ts'
import { openReference } from './reference.ts'

let database: OwnDatabase
beforeAll(async () => void (database = await createDatabase(serverUrl())))
afterAll(() => database.drop())

const open = (request: OpenRequest) => openPostgres(database.url, request)
const kit = { describe, it, name: 'postgres', open, reference: openReference }

testEventStore(kit)
testDocumentStore(kit)
