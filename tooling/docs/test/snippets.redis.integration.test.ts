import { startRedis } from '@eventspine/servers'
import { afterEach, expect, it, vi } from 'vitest'
import { documentedOutput, serverSnippetFiles } from '../src/snippets.ts'
import { runSnippet } from './run-snippet.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

it.for(serverSnippetFiles('redis'))('the program prints what its comments say: %s', async (file) => {
  await using server = await startRedis()
  vi.stubEnv('REDIS_URL', server.url)
  const printed = await runSnippet(file)
  expect(printed).toEqual(documentedOutput(file))
  expect(printed).not.toEqual([])
})
