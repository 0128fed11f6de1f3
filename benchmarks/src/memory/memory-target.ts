import type { OpenTarget } from '../target.ts'
import { appendScenario, wrapperScenario } from './append-scenario.ts'
import { consumerScenario } from './consumer-scenario.ts'
import { encodeScenario } from './encode-scenario.ts'
import { readScenario } from './read-scenario.ts'
import { schemaScenario } from './schema-scenario.ts'

/** What core costs, measured without any I/O. */
export async function openMemoryTarget(): Promise<OpenTarget> {
  return {
    serverPid: undefined,
    environment: {},
    scenarios: [
      appendScenario,
      wrapperScenario,
      encodeScenario,
      schemaScenario,
      readScenario,
      consumerScenario,
    ],
    [Symbol.asyncDispose]: async () => undefined,
  }
}
