import type { Candidate } from '../harness/compare.ts'
import { openDriverPeers } from '../peers/driver-peers.ts'
import { openEmmett } from '../peers/emmett.ts'
import type { Scenario } from '../target.ts'
import { ourCandidate } from './our-appender.ts'
import { bareInsert, insertArrays, ownFunction, rawCandidate, transaction } from './raw-appenders.ts'

const IN_FLIGHT = [1, 16, 64] as const

/** See its question. */
export function singleAppends(serverUrl: string): Scenario {
  return {
    name: 'append-1',
    question: 'How fast are appends of one event, with every law on, beside bare INSERTs of the same rows?',
    async run(context) {
      const emmett = await openEmmett((text) => context.note(text))
      const peers = await openDriverPeers((text) => context.note(text))
      const candidates: Candidate[] = [
        ourCandidate('Eventspine, P = 1', serverUrl, { eventsPerAppend: 1 }),
        ourCandidate('Eventspine, P = 8', serverUrl, { eventsPerAppend: 1, partitions: 8 }),
        rawCandidate('pg, bare INSERT', serverUrl, 1, bareInsert),
        rawCandidate('pg, BEGIN SELECT INSERT COMMIT', serverUrl, 1, transaction),
        rawCandidate('pg, our function one at a time', serverUrl, 1, ownFunction),
      ]
      if (emmett !== undefined) candidates.push(emmett.appending(serverUrl, 1))
      candidates.push(...peers.map((peer) => peer.appending(serverUrl, 1)))
      for (const concurrency of IN_FLIGHT) {
        await context.compare({
          title: `append 1 event, ${concurrency} in flight`,
          concurrency,
          base: 'pg, bare INSERT',
          candidates,
        })
      }
    },
  }
}

/** See its question. */
export function batchAppends(serverUrl: string): Scenario {
  return {
    name: 'append-batch',
    question: 'How fast are appends of 10 and 100 events to one stream?',
    async run(context) {
      const emmett = await openEmmett((text) => context.note(text))
      const peers = await openDriverPeers((text) => context.note(text))
      for (const events of [10, 100]) {
        const candidates: Candidate[] = [
          ourCandidate('Eventspine, P = 1', serverUrl, { eventsPerAppend: events }),
          ourCandidate('Eventspine, P = 8', serverUrl, { eventsPerAppend: events, partitions: 8 }),
          rawCandidate('pg, one INSERT of arrays', serverUrl, events, insertArrays),
          rawCandidate('pg, BEGIN, INSERT each, COMMIT', serverUrl, events, transaction),
        ]
        if (emmett !== undefined) candidates.push(emmett.appending(serverUrl, events))
        candidates.push(...peers.map((peer) => peer.appending(serverUrl, events)))
        for (const concurrency of [1, 16]) {
          await context.compare({
            title: `append ${events} events, ${concurrency} in flight`,
            concurrency,
            base: 'pg, one INSERT of arrays',
            candidates,
          })
        }
      }
    },
  }
}
