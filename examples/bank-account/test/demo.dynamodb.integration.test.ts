import { ownTable, serverUrl } from '@eventspine/servers'
import { expect, test, vi } from 'vitest'
import { runDemo } from './run-demo.ts'

test('the demo runs on DynamoDB, and again on what it left there', { timeout: 200_000 }, async () => {
  // The client's word about the age of Node, which is no word of the demo.
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true')
  await using table = ownTable(await serverUrl('dynamodb'))
  for (const run of [1, 2]) {
    const { exitCode, errors, output } = await runDemo(table.url)
    expect(errors, `run ${run}`).toBe('')
    expect(exitCode).toBe(0)
    expect(output).toContain('Transfers, by a process')
  }
})
