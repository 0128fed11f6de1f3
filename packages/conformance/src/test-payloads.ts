import { registerCases } from './case-runner.ts'
import type { KitOptions } from './kit.ts'
import { payloadCases } from './payload-cases.ts'

/** Registers every case of a backend that keeps the data of its events apart; its test beds have a `claimCheck`. */
export function testPayloads(options: KitOptions): void {
  registerCases(options, 'Payloads', payloadCases)
}
