import type { Capabilities, ReadOptions } from '@eventspine/core'
import type { Random } from '../random.ts'
import type { Expectation, ProgramDocument, ProgramEvent, ProgramStream, Step } from './step.ts'

export const STREAMS = 4
const KEYS = 5

/** What both stores of a comparison can do. */
export interface Reach {
  readonly severalStreams: boolean
  readonly documents: boolean
  readonly documentsWithAppend: boolean
  readonly batch: boolean
  readonly listing: boolean
  readonly removal: boolean
  readonly import: boolean
  readonly transactions: boolean
}

/** Within one partition, to which {@link "./execute.ts"} keeps all streams and documents of a program. */
export function commonReach(manifests: readonly Capabilities[]): Reach {
  const all = (has: (capabilities: Capabilities) => boolean): boolean => manifests.every(has)
  return {
    severalStreams: all(
      ({ multiStreamAppend, maxAppendStreams }) => multiStreamAppend !== 'none' && maxAppendStreams > 1,
    ),
    documents: all(({ documents }) => documents),
    documentsWithAppend: all(
      ({ documents, documentsWithAppend }) => documents && documentsWithAppend !== 'none',
    ),
    batch: all(({ documentBatch, maxBatchDocuments }) => documentBatch !== 'none' && maxBatchDocuments > 2),
    listing: all(({ listing }) => listing === 'ordered'),
    removal: all(({ removal }) => removal),
    import: all((capabilities) => capabilities.import),
    transactions: all(({ sharedTransaction }) => sharedTransaction !== 'none'),
  }
}

/** A program of `count` steps, the same for the same state of `random`. */
export function generateProgram(random: Random, reach: Reach, count: number): readonly Step[] {
  const steps = Array.from({ length: count }, () => generateStep(random, reach))
  if (random.chance(0.3)) steps.splice(random.integer(0, count), 0, { kind: 'reopen' })
  return steps
}

function generateStep(random: Random, reach: Reach): Step {
  const choices: (readonly [weight: number, step: () => Step])[] = [
    [10, () => ({ kind: 'append', ...stream(random) })],
    [3, () => ({ kind: 'repeat', remembered: random.integer(0, 20), changed: random.chance(0.3) })],
    [5, () => ({ kind: 'read', stream: random.integer(0, STREAMS), options: readOptions(random) })],
    [2, () => ({ kind: 'head', stream: random.integer(0, STREAMS) })],
    [4, () => feed(random)],
    [reach.severalStreams || reach.documentsWithAppend ? 4 : 0, () => commit(random, reach)],
    [
      reach.removal ? 1 : 0,
      () => ({ kind: 'delete', stream: anyStream(random), expected: expectation(random) }),
    ],
    [reach.removal ? 2 : 0, () => truncate(random)],
    [reach.import ? 1 : 0, () => imported(random)],
    [reach.documents ? 4 : 0, () => ({ kind: 'write', documents: documents(random, reach.batch ? 3 : 1) })],
    [reach.documents ? 2 : 0, () => ({ kind: 'get', keys: [0, 1].map(() => random.integer(0, KEYS)) })],
    [
      reach.listing ? 2 : 0,
      () => ({ kind: 'list', prefix: random.pick(['', 'k', 'k%', 'x']), pageSize: random.integer(1, 4) }),
    ],
    [reach.transactions ? 2 : 0, () => transaction(random, reach)],
  ]
  let left = random.next() * choices.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, step] of choices) {
    left -= weight
    if (left < 0) return step()
  }
  return { kind: 'head', stream: 0 }
}

/** Streams of a program, and one that is never written to. */
function anyStream(random: Random): number {
  return random.integer(0, STREAMS - 1)
}

function expectation(random: Random): Expectation {
  return random.pick<Expectation>([
    'any',
    'any',
    'none',
    'exists',
    { relative: 0 },
    { relative: 0 },
    { relative: 0 },
    { relative: -1 },
    { relative: 1 },
  ])
}

function event(random: Random): ProgramEvent {
  const data = random.pick<() => unknown>([
    () => random.integer(-5, 5),
    () => ({ amount: random.next(), note: random.pick(['', 'é', '🦄', 'a\nb', '\u0000', '\u2028']) }),
    () => [null, [true, { deep: [{}, []] }], random.integer(0, 2 ** 40)],
    () => 'x'.repeat(random.integer(0, 300)),
  ])()
  return {
    type: random.pick(['Opened', 'Changed', 'Ünïcode']),
    id: random.uuid(),
    data,
    ...(random.chance(0.3)
      ? { metadata: { correlationId: `c${random.integer(0, 3)}`, user: { n: 1 } } }
      : {}),
    ...(random.chance(0.2) ? { tags: ['t', `u${random.integer(0, 9)}`] } : {}),
    ...(random.chance(0.2) ? { schemaVersion: random.integer(1, 9) } : {}),
    ...(random.chance(0.1) ? { occurredAt: '2024-02-29T12:00:00+01:00' } : {}),
  }
}

function events(random: Random): readonly ProgramEvent[] {
  return Array.from({ length: random.integer(1, 4) }, () => event(random))
}

function stream(random: Random): ProgramStream {
  return {
    stream: anyStream(random),
    expected: expectation(random),
    events: random.chance(0.05) ? [] : events(random),
  }
}

function commit(random: Random, reach: Reach): Step {
  const count = reach.severalStreams ? random.integer(1, 3) : 1
  const chosen = random.shuffle(Array.from({ length: STREAMS }, (_, index) => index)).slice(0, count)
  return {
    kind: 'commit',
    streams: chosen.map((number) => ({
      stream: number,
      expected: expectation(random),
      events: events(random),
    })),
    documents: reach.documentsWithAppend && random.chance(0.7) ? documents(random, 3) : [],
  }
}

function documents(random: Random, most: number): readonly ProgramDocument[] {
  const keys = random.shuffle(Array.from({ length: KEYS }, (_, index) => index))
  return keys.slice(0, random.integer(1, most)).map((key) => ({
    key,
    value: random.chance(0.25)
      ? undefined
      : { n: random.integer(0, 99), text: random.pick(['', '%', '"\\', '🦄']) },
    expected: random.pick(['any', 'any', 'none', 'current', 'current', 'stale'] as const),
  }))
}

function readOptions(random: Random): ReadOptions {
  return {
    direction: random.pick(['forward', 'backward', undefined] as const),
    from: random.pick([undefined, random.integer(1, 12)]),
    to: random.pick([undefined, random.integer(0, 12)]),
    limit: random.pick([undefined, random.integer(0, 6)]),
    pageSize: random.pick([undefined, random.integer(1, 4)]),
  }
}

function feed(random: Random): Step {
  return {
    kind: 'feed',
    remembered: random.integer(0, 30),
    pageSize: random.integer(1, 5),
    limit: random.pick([Number.MAX_SAFE_INTEGER, random.integer(0, 8)]),
  }
}

function truncate(random: Random): Step {
  const before = { relative: random.integer(-4, 2) }
  return { kind: 'truncate', stream: anyStream(random), before, expected: expectation(random) }
}

function imported(random: Random): Step {
  return {
    kind: 'import',
    stream: anyStream(random),
    from: { relative: random.pick([1, 1, 1, 2, 0]) },
    events: events(random),
  }
}

function transaction(random: Random, reach: Reach): Step {
  const inside = { ...reach, transactions: false, removal: false, import: false }
  const steps = Array.from({ length: random.integer(1, 5) }, () => generateStep(random, inside))
  return { kind: 'transaction', steps, rollback: random.chance(0.4) }
}
