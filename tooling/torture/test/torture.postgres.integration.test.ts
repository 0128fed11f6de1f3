import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'vitest'
import { runTorture } from '../src/run-torture.ts'
import { tortureTest } from './torture-test.ts'

tortureTest('postgres')

it('finds out a server that acknowledges before it writes', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'eventspine-torture-'))
  const { tally, evidence } = await runTorture({
    target: 'postgres',
    rounds: 5,
    seed: 1,
    streams: 5,
    writers: 6,
    partitions: 2,
    blows: ['server'],
    // https://www.postgresql.org/docs/18/wal-async-commit.html
    serverSettings: { synchronous_commit: 'off', wal_writer_delay: '500', wal_writer_flush_after: '1GB' },
    directory,
  })
  assert.ok(evidence !== undefined, 'no round showed a broken promise')
  assert.ok(tally.violations('lost') > 0, 'what was broken was not that events are lost')
  await rm(directory, { recursive: true })
}, 300_000)
