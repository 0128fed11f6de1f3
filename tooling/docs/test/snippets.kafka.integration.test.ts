import { startKafka } from '@eventspine/servers'
import { afterEach, expect, it, vi } from 'vitest'
import { documentedOutput, serverSnippetFiles } from '../src/snippets.ts'
import { runSnippet } from './run-snippet.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

it.for(serverSnippetFiles('kafka'))('the program prints what its comments say: %s', async (file) => {
  await using server = await startKafka()
  vi.stubEnv('KAFKA_BROKERS', new URL(server.url).host)
  const printed = await runSnippet(file)
  expect(printed).toEqual(documentedOutput(file))
  expect(printed).not.toEqual([])
})
