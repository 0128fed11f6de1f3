import assert from 'node:assert/strict'
import type { Case, CaseContext, TestBackend } from '../kit.ts'
import { commonReach, generateProgram, STREAMS } from '../program/generate.ts'
import { Execution, type OpenedStore, type Place } from '../program/execute.ts'
import type { Step } from '../program/step.ts'
import { Random } from '../random.ts'
import { streamsOfPartition } from '../sample-events.ts'

const STEPS = 60
/** After this no further program is begun, so that a slow backend does not run into the case's deadline. */
const BUDGET_MS = 45_000

async function runPrograms(context: CaseContext, partitions: number): Promise<void> {
  const { openReference, seed } = context
  if (openReference === undefined) {
    assert.fail('a differential case needs a reference: give the kit one, such as the memory adapter')
  }
  const subject = opened(await context.open({ partitions }))
  const reference = opened(await openReference({ partitions }))
  const reach = commonReach([subject.backend.capabilities, reference.backend.capabilities])
  const deadlineMs = performance.now() + BUDGET_MS
  for (let round = 0; round < context.rounds && performance.now() < deadlineMs; round++) {
    const program = generateProgram(new Random(seed + round), reach, STEPS)
    const place = (store: OpenedStore) => placeOf(store, round, partitions, reach.listing)
    await compare(program, place(subject), place(reference), round)
  }
}

function opened(test: TestBackend): OpenedStore {
  let { backend } = test
  return {
    get backend() {
      return backend
    },
    reopen: async () => {
      backend = await test.reopen()
    },
  }
}

/** Names that no other program of the store uses. */
function placeOf(opened: OpenedStore, round: number, partitions: number, listed: boolean): Place {
  const partition = round % partitions
  const streamIds = streamsOfPartition(partition, partitions, STREAMS + 1, `program-${round}:`)
  return { opened, streamIds, collection: `program-${round}`, listed, partition }
}

async function compare(
  program: readonly Step[],
  subject: Place,
  reference: Place,
  round: number,
): Promise<void> {
  const left = await Execution.begin(subject)
  const right = await Execution.begin(reference)
  for (const [index, step] of program.entries()) {
    const actual = await left.run(step)
    const expected = await right.run(step)
    assert.deepEqual(actual, expected, `program ${round}, step ${index}: ${JSON.stringify(step)}`)
  }
}

export const differentialCases: readonly Case[] = [
  {
    id: 'differential/one-partition',
    laws: ['A1', 'A2', 'A3', 'A6', 'A8', 'R2', 'D2', 'D3', 'F2', 'F4', 'K1', 'K4'],
    title: 'behaves as the reference does in random programs over streams, feed, documents and transactions',
    timeoutMs: 120_000,
    run: (context) => runPrograms(context, 1),
  },
  {
    id: 'differential/partitions',
    laws: ['A10', 'A11', 'F1', 'F2', 'K2'],
    title: 'behaves as the reference does in random programs over one of several partitions',
    timeoutMs: 120_000,
    run: (context) => runPrograms(context, 4),
  },
]
