import { registerCases } from './case-runner.ts'
import type { KitOptions } from './kit.ts'
import { streamCases } from './stream-cases.ts'

/** Registers every case of the `EventStream` port for one adapter: publishing, consuming, processes and crashes. */
export function testEventStream(options: KitOptions): void {
  registerCases(options, 'EventStream', streamCases)
}
