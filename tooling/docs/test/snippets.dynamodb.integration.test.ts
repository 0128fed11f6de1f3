import { startDynamodb } from '@eventspine/servers'
import { afterEach, expect, it, vi } from 'vitest'
import { documentedOutput, serverSnippetFiles } from '../src/snippets.ts'
import { runSnippet } from './run-snippet.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** For the start of an emulator of its own on a busy machine. */
const timeout = 180_000

it.for(serverSnippetFiles('dynamodb'))(
  'the program prints what its comments say: %s',
  { timeout },
  async (file) => {
    await using server = await startDynamodb({ settings: { storage: 'memory' } })
    const { host } = new URL(server.url)
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `http://${host}`)
    vi.stubEnv('AWS_REGION', 'local')
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'local')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local')
    const printed = await runSnippet(file)
    expect(printed).toEqual(documentedOutput(file))
    expect(printed).not.toEqual([])
  },
)
