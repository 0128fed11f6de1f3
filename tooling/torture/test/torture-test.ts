import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'vitest'
import type { Blow } from '../src/blow.ts'
import { runTorture } from '../src/run-torture.ts'
import { summaryLines } from '../src/summary.ts'
import { blowsOf, type TargetName } from '../src/target.ts'

/** Registers a short run: every blow once, unless told otherwise. */
export function tortureTest(target: TargetName, blows: readonly Blow[] = blowsOf(target)): void {
  const rounds = blows.length
  it(`keeps every promise over ${rounds} rounds of blows to ${target}`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'eventspine-torture-'))
    const seed = Math.floor(Math.random() * 2 ** 31) + 1
    const { tally, evidence, faults } = await runTorture({
      target,
      rounds,
      seed,
      streams: 5,
      writers: 6,
      partitions: 2,
      blows,
      directory,
    })
    const violations = tally.rounds.flatMap((round) => round.violations)
    assert.deepEqual(violations, [], `seed ${seed}; the history that shows it is in ${evidence}`)
    const summary = summaryLines(tally, blows, faults).join('\n')
    const missed = tally.rounds.filter(({ hit }) => !hit).map(({ blow }) => blow)
    assert.deepEqual(missed, [], `blows that missed:\n${summary}`)
    assert.ok(tally.operations.acknowledged > 0, summary)
    await rm(directory, { recursive: true })
  }, 600_000)
}
