import { createDatabase } from '@eventspine/servers'
import { afterEach, expect, it, vi } from 'vitest'
import { documentedOutput, serverSnippetFiles } from '../src/snippets.ts'
import { runSnippet } from './run-snippet.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

it.for(serverSnippetFiles('postgres'))('the program prints what its comments say: %s', async (file) => {
  const database = await createDatabase(process.env['EVENTSPINE_TEST_POSTGRES'] ?? '')
  try {
    vi.stubEnv('DATABASE_URL', database.url)
    const printed = await runSnippet(file)
    expect(printed).toEqual(documentedOutput(file))
    expect(printed).not.toEqual([])
  } finally {
    await database.drop()
  }
})
