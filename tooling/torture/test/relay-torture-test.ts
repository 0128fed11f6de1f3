import assert from 'node:assert/strict'
import { it } from 'vitest'
import { type RelayBlow, relayBlows } from '../src/relay/relay-blow.ts'
import type { RelayTargetName } from '../src/relay/relay-target.ts'
import { runRelayTorture } from '../src/relay/run-relay-torture.ts'

/** Registers a short run: every blow once, unless told otherwise. */
export function relayTortureTest(target: RelayTargetName, blows: readonly RelayBlow[] = relayBlows): void {
  const rounds = blows.length
  const seed = Math.floor(Math.random() * 2 ** 31) + 1
  it(`relays every event once and in order over ${rounds} rounds of blows to ${target}, from seed ${seed}`, async () => {
    const result = await runRelayTorture({ target, rounds, seed, partitions: 2, blows })
    assert.deepEqual(result.violations, [])
    assert.deepEqual(
      result.rounds.filter(({ hit }) => !hit),
      [],
      'blows that missed',
    )
    assert.ok(result.events > rounds, 'hardly anything was relayed')
  }, 600_000)
}
