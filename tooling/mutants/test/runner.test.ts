import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { documentCases } from '@eventspine/conformance'
import { describe, it } from 'vitest'

const program = fileURLToPath(new URL('./runner/kit-under-node-test.ts', import.meta.url))
const folder = fileURLToPath(new URL('..', import.meta.url))

/** A process without vitest in it, whose runner is Node's own. */
function run(...mutant: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@eventspine/source', '--import', 'tsx', '--test-reporter=tap', program, ...mutant],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  )
  return { status, output: stdout + stderr }
}

function count(output: string, what: 'pass' | 'fail'): number {
  return Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(output)?.[1])
}

describe('the kit under node:test', () => {
  it('passes an unbroken store, case by case', () => {
    const { status, output } = run()
    assert.equal(status, 0, output)
    assert.equal(count(output, 'pass'), documentCases.length)
  }, 60_000)

  it('fails a broken one, and names the case and the seed', () => {
    const { status, output } = run('K4/like')
    assert.equal(status, 1, output)
    assert.equal(count(output, 'fail'), 1)
    assert.match(output, /K4\/like: document-listing\/prefix failed \(seed \d+\)/)
  }, 60_000)
})
