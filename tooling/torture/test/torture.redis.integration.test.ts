import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'vitest'
import { runTorture } from '../src/run-torture.ts'
import { tortureTest } from './torture-test.ts'

tortureTest('redis')

it('finds out a Redis that keeps everything in memory alone', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'eventspine-torture-'))
  const { tally, evidence } = await runTorture({
    target: 'redis',
    rounds: 2,
    seed: 1,
    streams: 5,
    writers: 6,
    partitions: 2,
    blows: ['server'],
    serverSettings: { appendonly: 'no' },
    directory,
  })
  assert.ok(evidence !== undefined, 'no round showed a broken promise')
  assert.ok(tally.violations('lost') > 0, 'what was broken was not that events are lost')
  await rm(directory, { recursive: true })
}, 300_000)
