import type { Capabilities } from '@eventspine/core'
import { caseScope, DEFAULT_PATIENCE_MS } from './case-scope.ts'
import type {
  Case,
  CaseBackend,
  CaseContext,
  CaseOptions,
  KitOptions,
  OpenRequest,
  TestBackend,
} from './kit.ts'
import { Source } from './source.ts'

const DEFAULT_TIMEOUT_MS = 60_000
const DEFAULT_ROUNDS = 30
/** For closing what a case opened, after its own time is over. */
const CLOSING_MS = 15_000

/** Manifests by the function that opens the backend: one look at it is enough for all cases. */
const manifests = new WeakMap<CaseOptions['open'], Promise<Capabilities>>()

/**
 * Runs one case, or its refusal where the manifest says so, and closes all that it opened.
 *
 * @throws what the case asserted; an error when it did not end in time; the seed is in the message.
 */
export async function runCase(testCase: Case, options: CaseOptions): Promise<void> {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31)
  const opened: TestBackend[] = []
  const track =
    (open: CaseOptions['open']) =>
    async (request: Partial<OpenRequest> = {}): Promise<CaseBackend> => {
      const backend = await open({ partitions: 1, ...request })
      opened.push(backend)
      return withSource(backend)
    }
  const scope = {
    patienceMs: options.patienceMs ?? DEFAULT_PATIENCE_MS,
    minLeaseMs: options.minLeaseMs ?? 0,
    atEnd: [] as (() => void)[],
  }
  let failure: { readonly error: unknown } | undefined
  try {
    const capabilities = await manifestOf(options.open)
    const { reference } = options
    const context: CaseContext = {
      name: options.name,
      seed,
      rounds: options.rounds ?? DEFAULT_ROUNDS,
      capabilities,
      open: track(options.open),
      openReference: reference === undefined ? undefined : track(reference),
    }
    const supported = testCase.needs?.(capabilities) ?? true
    const run = supported ? testCase.run : testCase.refuses
    if (run === undefined) throw new Error('it has nothing to assert where it is not supported')
    await withDeadline(
      testCase,
      caseScope.run(scope, () => run(context)),
    )
  } catch (error) {
    failure = { error }
  }
  for (const end of scope.atEnd) end()
  const leftOpen = await closeAll(opened)
  const [error] = failure === undefined ? leftOpen : [failure.error]
  if (failure === undefined && leftOpen.length === 0) return
  throw new Error(`${options.name}: ${testCase.id} failed (seed ${seed}): ${messageOf(error)}`, {
    cause: error,
  })
}

/** Registers cases with the runner: each is named by its id, its laws and its title. */
export function registerCases(options: KitOptions, port: string, cases: readonly Case[]): void {
  const topics = new Map<string, Case[]>()
  for (const testCase of cases) {
    const topic = testCase.id.split('/')[0] ?? ''
    const others = topics.get(topic)
    if (others === undefined) topics.set(topic, [testCase])
    else others.push(testCase)
  }
  options.describe(`${options.name}: ${port}`, () => {
    for (const [topic, topicCases] of topics) {
      options.describe(topic, () => {
        for (const testCase of topicCases) {
          const { id, laws, title, timeoutMs = DEFAULT_TIMEOUT_MS } = testCase
          options.it(
            `${id}${laws.length === 0 ? '' : ` [${laws.join(' ')}]`}: ${title}`,
            () => runCase(testCase, options),
            timeoutMs + CLOSING_MS,
          )
        }
      })
    }
  })
}

/** A test bed may be an object of any kind, with a `backend` that changes when it is reopened. */
function withSource(test: TestBackend): CaseBackend {
  return {
    source: new Source(test),
    get backend() {
      return test.backend
    },
    sibling: () => test.sibling(),
    reopen: () => test.reopen(),
    child: test.child,
    loseReply: test.loseReply?.bind(test),
    loseRelayReply: test.loseRelayReply?.bind(test),
    trimFeed: test.trimFeed?.bind(test),
    trimHandled: test.trimHandled?.bind(test),
    outage: test.outage?.bind(test),
    claimCheck: test.claimCheck,
    close: () => test.close(),
  }
}

function manifestOf(open: CaseOptions['open']): Promise<Capabilities> {
  let manifest = manifests.get(open)
  if (manifest === undefined) {
    manifest = open({ partitions: 1 }).then(async (opened) => {
      const { capabilities } = opened.backend
      await opened.close()
      return capabilities
    })
    manifests.set(open, manifest)
    // A backend that could not be opened once may be there for the next case.
    manifest.catch(() => manifests.delete(open))
  }
  return manifest
}

async function withDeadline({ timeoutMs = DEFAULT_TIMEOUT_MS }: Case, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}

/** Closes all, whatever becomes of one, and returns the failures. */
async function closeAll(opened: readonly TestBackend[]): Promise<readonly unknown[]> {
  const closed = await Promise.allSettled(opened.map((backend) => backend.close()))
  return closed.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
