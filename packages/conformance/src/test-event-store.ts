import { registerCases } from './case-runner.ts'
import type { KitOptions } from './kit.ts'
import { storeCases } from './store-cases.ts'

/** Registers every case of the `EventStore` port for one adapter. */
export function testEventStore(options: KitOptions): void {
  registerCases(options, 'EventStore', storeCases)
}
