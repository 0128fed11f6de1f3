import { ownKeyPrefix, serverUrl } from '@eventspine/servers'
import { expect, test } from 'vitest'
import { runDemo } from './run-demo.ts'

test('the demo runs on Couchbase, and again on what it left there', { timeout: 200_000 }, async () => {
  const { url, prefix } = ownKeyPrefix(await serverUrl('couchbase'))
  for (const run of [1, 2]) {
    const { exitCode, errors, output } = await runDemo(url)
    expect(errors, `run ${run}`).toBe('')
    expect(exitCode).toBe(0)
    expect(output).toContain('Transfers, by a process')
    expect(output).not.toContain(prefix)
  }
})
