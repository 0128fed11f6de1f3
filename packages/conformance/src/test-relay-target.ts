import { registerCases } from './case-runner.ts'
import type { KitOptions } from './kit.ts'
import { relayCases } from './relay-cases.ts'

/** Registers every case of a stream that relays write to. */
export function testRelayTarget(options: KitOptions): void {
  registerCases(options, 'RelayTarget', relayCases)
}
