import type { Contender, ContenderPlace, ContenderStore } from './contender.ts'

/** What a trial found, with one line that tells what was seen. */
export interface Verdict {
  readonly outcome: 'pass' | 'fail' | 'not offered'
  readonly evidence: string
}

/** What a trial has to work with. */
export interface TrialContext {
  readonly contender: Contender
  readonly place: ContenderPlace
  /** Of an empty database that nobody else uses. */
  readonly url: string
  /** Of the script of a random trial. */
  readonly seed: number
}

/** A question of correctness that any store can be asked. */
export interface Trial {
  readonly id: string
  readonly question: string
  run(context: TrialContext): Promise<Verdict>
}

/** A long time for what should happen at once: longer than a busy machine takes. */
export const PATIENCE_MS = 60_000

export const pass = (evidence: string): Verdict => ({ outcome: 'pass', evidence })
export const fail = (evidence: string): Verdict => ({ outcome: 'fail', evidence })
export const notOffered = (evidence: string): Verdict => ({ outcome: 'not offered', evidence })

/** Runs `work` with a store in the trial's database, and closes it. */
export async function withStore(
  { contender, url }: TrialContext,
  work: (store: ContenderStore) => Promise<Verdict>,
): Promise<Verdict> {
  const store = await contender.open(url)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** An append, with an error told by its name instead of thrown: for a trial even that is an answer. */
export async function answerTo(append: Promise<string>): Promise<string> {
  try {
    return await append
  } catch (error) {
    return describe(error)
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  return `${error.name}${code}: ${error.message.split('\n')[0]}`
}
