import { startCouchbase } from '@eventspine/servers'
import { afterEach, expect, it, vi } from 'vitest'
import { documentedOutput, serverSnippetFiles } from '../src/snippets.ts'
import { runSnippet } from './run-snippet.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

it.for(serverSnippetFiles('couchbase'))('the program prints what its comments say: %s', async (file) => {
  await using server = await startCouchbase()
  vi.stubEnv('COUCHBASE_URL', `couchbase://${new URL(server.url).host}`)
  const printed = await runSnippet(file)
  expect(printed).toEqual(documentedOutput(file))
  expect(printed).not.toEqual([])
})
