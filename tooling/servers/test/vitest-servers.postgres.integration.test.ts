import { describe, expect, it } from 'vitest'
import { serverUrl } from '../src/index.ts'
import { askVersion } from '../src/postgres/version.ts'

describe('the integration tests', () => {
  it('are handed the URL of a server that answers, and take it for the shared one', async () => {
    const url = process.env['EVENTSPINE_TEST_POSTGRES'] ?? ''
    expect(await askVersion(url, 5_000)).toMatch(/^\d+\.\d+/)
    expect(await serverUrl('postgres')).toBe(url)
  })
})
