import { startDynamodb } from '@eventspine/servers'
import type { OpenTarget } from '../target.ts'
import { batchAppends, severalProcesses, singleAppends } from './append-scenarios.ts'
import { feedReads, streamReads } from './read-scenarios.ts'

/** A DynamoDB Local of this run alone, and what is measured on it: the vendor's emulator, never the service. */
export async function openDynamodbTarget(): Promise<OpenTarget> {
  const server = await startDynamodb({ settings: { storage: 'memory' } })
  const { url, pid } = server
  return {
    serverPid: pid,
    environment: { dynamodb: 'DynamoDB Local 3.3.1, an emulator, in memory' },
    scenarios: [
      singleAppends(url),
      batchAppends(url),
      severalProcesses(url),
      streamReads(url),
      feedReads(url),
    ],
    [Symbol.asyncDispose]: () => server.stop(),
  }
}
