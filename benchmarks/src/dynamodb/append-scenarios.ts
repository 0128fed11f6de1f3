import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { processSession } from '../process/process-session.ts'
import type { Scenario } from '../target.ts'
import { appendSession } from '../workload/append-session.ts'
import { storeAppender } from '../workload/store-appender.ts'
import { openCastore } from './castore.ts'
import type { OurProcessPlan } from './our-process.ts'
import { openOwnStore } from './own-store.ts'
import { conditionalPut, rawCandidate, transactedPuts } from './raw-appenders.ts'

const IN_FLIGHT = 64

/** See its question. */
export function singleAppends(serverUrl: string): Scenario {
  return {
    name: 'append-1',
    question: 'How fast are appends of one event, with every law on, beside a conditional put each?',
    async run(context) {
      const castore = await openCastore((text) => context.note(text))
      for (const concurrency of [1, 16, IN_FLIGHT]) {
        await context.compare({
          title: `append 1 event, ${concurrency} in flight`,
          concurrency,
          base: 'conditional put, no feed',
          candidates: [
            ourCandidate('Eventspine, P = 1', serverUrl, 1),
            ourCandidate('Eventspine, P = 4', serverUrl, 1, 4),
            rawCandidate('conditional put, no feed', serverUrl, 1, conditionalPut),
            ...(castore === undefined ? [] : [castore.appending(serverUrl)]),
          ],
        })
      }
    },
  }
}

/** See its question. */
export function batchAppends(serverUrl: string): Scenario {
  return {
    name: 'append-batch',
    question: 'How fast are appends of 10 and 100 events to one stream, beside an item an event?',
    async run(context) {
      for (const events of [10, 100]) {
        for (const concurrency of [1, 16]) {
          await context.compare({
            title: `append ${events} events, ${concurrency} in flight`,
            concurrency,
            base: 'TransactWriteItems, no feed',
            candidates: [
              ourCandidate('Eventspine, P = 1', serverUrl, events),
              rawCandidate('TransactWriteItems, no feed', serverUrl, events, transactedPuts),
            ],
          })
        }
      }
    },
  }
}

/** See its question. */
export function severalProcesses(serverUrl: string): Scenario {
  return {
    name: 'processes',
    question: 'What do several processes that append to one partition cost each other?',
    async run(context) {
      await context.compare({
        title: `append 1 event, ${IN_FLIGHT} in flight, shared by processes`,
        concurrency: IN_FLIGHT,
        base: '1 process',
        candidates: [inProcesses(serverUrl, 1), inProcesses(serverUrl, 2), inProcesses(serverUrl, 4)],
      })
    },
  }
}

function ourCandidate(name: string, serverUrl: string, eventsPerAppend: number, partitions = 1): Candidate {
  return {
    name,
    async open(concurrency) {
      const { backend, close } = await openOwnStore(serverUrl, partitions)
      return localSession(appendSession(storeAppender(backend.store, close), concurrency, eventsPerAppend))
    },
  }
}

function inProcesses(serverUrl: string, processes: number): Candidate {
  return {
    name: processes === 1 ? '1 process' : `${processes} processes`,
    async open(concurrency) {
      const store = await openOwnStore(serverUrl)
      const plan: OurProcessPlan = { url: store.url, concurrency: concurrency / processes }
      const script = new URL('our-process.ts', import.meta.url)
      const inner = await processSession({ script, arguments: Array.from({ length: processes }, () => plan) })
      const close = async (): Promise<void> => {
        await inner.close()
        await store.close()
      }
      return { ...inner, close }
    },
  }
}
