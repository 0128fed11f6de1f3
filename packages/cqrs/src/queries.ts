import {
  abortableDelay,
  type Backend,
  EventStoreError,
  invalidArgument,
  isTransient,
  parsePosition,
  parseToken,
  type Token,
} from '@eventspine/core'
import { type Build, groupOf } from './projection-build.ts'
import { ProjectionCatalogue } from './projection-catalogue.ts'
import { type ReadableProjection, type ReadModel, readModel, sourceOf } from './read-model.ts'

const DEFAULT_TIMEOUT_MS = 30_000
const POLL_MS = 25

export interface QueryOptions {
  /** Wait until the read model has what was written up to here: the `token` of an append or command. */
  readonly after?: Token | undefined
  /** How long to wait for it. Default 30,000. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A question that a read model answers; made by {@link query}. */
export interface Query<Parameters, Result> {
  /** Answers from the read model of `backend`, once that has what `options.after` stands for. */
  ask(
    backend: Pick<Backend, 'stream' | 'documents'>,
    parameters: Parameters,
    options: QueryOptions,
  ): Promise<Result>
}

/** Questions by name, as their callers put them. */
export type QueryHandlers<Queries> = {
  readonly [Name in keyof Queries]: Queries[Name] extends Query<infer Parameters, infer Result>
    ? (parameters: Parameters, options?: QueryOptions) => Promise<Result>
    : never
}

/**
 * A typed question to the read model of a projection. The answer is of one build: where another is swapped in
 * meanwhile, `answer` is called again, so it only reads.
 *
 * @param options.group - as the projection is run under; default: its name.
 */
export function query<State, Parameters, Result>(
  projection: ReadableProjection<State>,
  answer: (model: ReadModel<State>, parameters: Parameters) => Promise<Result>,
  { group = projection.name }: { readonly group?: string | undefined } = {},
): Query<Parameters, Result> {
  return {
    async ask(backend, parameters, { after, timeoutMs = DEFAULT_TIMEOUT_MS, signal }) {
      const model = readModel(backend.documents, projection)
      if (after === undefined) return answer(model, parameters)
      const catalogue = new ProjectionCatalogue(backend.documents, projection.name)
      const read = async (): Promise<Pick<Build, 'version' | 'number'>> =>
        sourceOf(await catalogue.read(), projection).build
      const wait = new Wait(after, timeoutMs, signal)
      for (;;) {
        const build = await wait.until(async () => {
          const candidate = await read()
          const lag = await backend.stream.group(groupOf(group, candidate)).lag()
          return wait.isReached(lag.map(({ checkpoint }) => checkpoint)) ? candidate : undefined
        })
        const answered = await answer(model, parameters)
        if ((await read()).number === build.number) return answered
      }
    },
  }
}

/** The questions of an application, ready to be asked: `await ask.balanceOf({ id }, { after: token })`. */
export function queryHandlers<Queries extends Readonly<Record<string, Query<never, unknown>>>>(
  backend: Pick<Backend, 'stream' | 'documents'>,
  queries: Queries,
): QueryHandlers<Queries> {
  const entries = Object.entries(queries).map(([name, question]) => [
    name,
    (parameters: never, options: QueryOptions = {}) => question.ask(backend, parameters, options),
  ])
  // Sound: each question takes its own parameters, under its own name.
  return Object.fromEntries(entries) as QueryHandlers<Queries>
}

/** Waiting for what a token stands for. */
class Wait {
  readonly #positions: ReturnType<typeof parseToken>
  readonly #timeoutMs: number
  readonly #deadlineMs: number
  readonly #signal: AbortSignal

  constructor(after: Token, timeoutMs: number, signal: AbortSignal = new AbortController().signal) {
    this.#positions = parseToken(after, 'after')
    this.#timeoutMs = timeoutMs
    this.#deadlineMs = performance.now() + timeoutMs
    this.#signal = signal
  }

  /** @throws {@link EventStoreError} `INVALID_ARGUMENT`: the token is of another store. */
  isReached(checkpoints: readonly string[]): boolean {
    const parsed = checkpoints.map((checkpoint) => parsePosition(checkpoint))
    return this.#positions.every(({ partition, sequence, incarnation }) => {
      const own = parsed.find((checkpoint) => checkpoint.partition === partition)
      if (own === undefined || own.incarnation !== incarnation)
        throw invalidArgument('after', 'is a token of another store')
      return own.sequence >= sequence
    })
  }

  /**
   * @throws {@link EventStoreError} `TIMEOUT`; `ABORTED`; what `look` throws and does not pass.
   */
  async until<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
    for (;;) {
      if (this.#signal.aborted)
        throw new EventStoreError('ABORTED', 'waiting for a read model was aborted', {
          cause: this.#signal.reason,
        })
      const left = this.#deadlineMs - performance.now()
      try {
        const found = await look()
        if (found !== undefined) return found
      } catch (error) {
        if (!isTransient(error) || left <= 0) throw error
      }
      if (left <= 0) {
        throw new EventStoreError('TIMEOUT', `the read model did not catch up within ${this.#timeoutMs} ms`, {
          retryable: true,
        })
      }
      await abortableDelay(Math.min(POLL_MS, left), this.#signal)
    }
  }
}
