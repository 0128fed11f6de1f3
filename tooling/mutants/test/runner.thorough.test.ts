import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { documentCases } from '@eventspine/conformance'
import { describe, it } from 'vitest'

const program = fileURLToPath(new URL('./runner/kit-under-node-test.ts', import.meta.url))
const folder = fileURLToPath(new URL('..', import.meta.url))

function count(output: string, what: 'pass' | 'fail'): number {
  return Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(output)?.[1])
}

describe('the kit under node:test', () => {
  it('passes a store but for what is broken, and names that case and the seed', () => {
    // A process without vitest in it, whose runner is Node's own.
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=@eventspine/source', '--import', 'tsx', '--test-reporter=tap', program, 'K4/like'],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
    )
    assert.equal(status, 1, stdout + stderr)
    assert.equal(count(stdout, 'fail'), 1)
    assert.equal(count(stdout, 'pass'), documentCases.length - 1)
    assert.match(stdout, /K4\/like: document-listing\/prefix failed \(seed \d+\)/)
  }, 120_000)
})
