import { testEventStream } from '@eventspine/conformance'
import type { OpenRequest } from '@eventspine/conformance'
import { createDatabase, type OwnDatabase } from '@eventspine/servers'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { openPostgres, serverUrl } from './backend.ts'

let database: OwnDatabase
beforeAll(async () => void (database = await createDatabase(serverUrl())))
afterAll(() => database.drop())

testEventStream({
  describe,
  it,
  name: 'postgres',
  open: (request: OpenRequest) => openPostgres(database.url, request),
})
