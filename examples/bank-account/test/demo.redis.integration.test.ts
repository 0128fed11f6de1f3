import { createKeyspace } from '@eventspine/servers'
import { expect, test } from 'vitest'
import { runDemo } from './run-demo.ts'

test('the demo runs on Redis, and again on what it left there', { timeout: 200_000 }, async () => {
  await using keyspace = createKeyspace(process.env['EVENTSPINE_TEST_REDIS'] ?? '')
  for (const run of [1, 2]) {
    const { exitCode, errors, output } = await runDemo(keyspace.url)
    expect(errors, `run ${run}`).toBe('')
    expect(exitCode).toBe(0)
    expect(output).toContain('Two tellers race for one account')
    expect(output).not.toContain(keyspace.prefix)
  }
})
