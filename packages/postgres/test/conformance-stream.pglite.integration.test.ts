import { PGlite } from '@electric-sql/pglite'
import { testEventStream } from '@eventspine/conformance'
import type { OpenRequest } from '@eventspine/conformance'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { openPglite } from './backend.ts'

let client: PGlite
beforeAll(async () => void (client = await PGlite.create()))
afterAll(() => client.close())

testEventStream({ describe, it, name: 'pglite', open: (request: OpenRequest) => openPglite(client, request) })
