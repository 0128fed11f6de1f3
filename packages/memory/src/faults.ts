import { EventStoreError } from '@eventspine/core'

/** Every call of an adapter, by name. */
export type Step =
  | 'append'
  | 'read'
  | 'head'
  | 'readFeed'
  | 'feedHead'
  | 'waitForFeed'
  | 'remove'
  | 'import'
  | 'seal'
  | 'get'
  | 'write'
  | 'list'
  | 'transaction'
  | 'publish'
  | 'openRelay'
  | 'relayWrite'
  | 'relayClose'

type Fault =
  | { readonly kind: 'fail-before' | 'fail-after'; readonly error: EventStoreError }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'hold'; readonly released: Promise<void> }

interface Planned {
  readonly step: Step
  readonly fault: Fault
  skip: number
  times: number
}

export interface FaultOptions {
  /** Calls of the step to let pass first. Default 0. */
  readonly skip?: number
  /** Calls of the step to hit. Default 1. */
  readonly times?: number
  /** Default: what a real backend would say. */
  readonly error?: EventStoreError
}

/** Faults to happen at named steps: what a network and a dying server do to an adapter, on demand. */
export class Faults {
  readonly #planned: Planned[] = []

  /** The step is not executed; the caller learns so. */
  failBefore(step: Step, options: FaultOptions = {}): void {
    const error =
      options.error ??
      new EventStoreError('BACKEND_UNAVAILABLE', `memory: injected failure before ${step}`, {
        retryable: true,
      })
    this.#plan(step, { kind: 'fail-before', error }, options)
  }

  /** The step is executed and its reply lost. */
  failAfter(step: Step, options: FaultOptions = {}): void {
    const error =
      options.error ??
      new EventStoreError('OUTCOME_UNKNOWN', `memory: injected failure after ${step}`, {
        retryable: true,
        outcome: 'unknown',
      })
    this.#plan(step, { kind: 'fail-after', error }, options)
  }

  /** The step is executed `ms` milliseconds later. */
  delay(step: Step, ms: number, options: Omit<FaultOptions, 'error'> = {}): void {
    this.#plan(step, { kind: 'delay', ms }, options)
  }

  /** The step waits until the returned function is called. */
  hold(step: Step, options: Omit<FaultOptions, 'error'> = {}): () => void {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    this.#plan(step, { kind: 'hold', released }, options)
    return release
  }

  /** Forgets what has not happened yet. */
  clear(): void {
    this.#planned.length = 0
  }

  /** Runs a step with what is planned for it. */
  async run<Result>(step: Step, work: () => Promise<Result>): Promise<Result> {
    if (this.#planned.length === 0) return work()
    const fault = this.#next(step)
    if (fault?.kind === 'fail-before') throw fault.error
    if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms))
    if (fault?.kind === 'hold') await fault.released
    const result = await work()
    if (fault?.kind === 'fail-after') throw fault.error
    return result
  }

  #plan(step: Step, fault: Fault, { skip = 0, times = 1 }: FaultOptions): void {
    this.#planned.push({ step, fault, skip, times })
  }

  #next(step: Step): Fault | undefined {
    const planned = this.#planned.find((candidate) => candidate.step === step)
    if (planned === undefined) return undefined
    if (planned.skip > 0) {
      planned.skip--
      return undefined
    }
    planned.times--
    if (planned.times === 0) this.#planned.splice(this.#planned.indexOf(planned), 1)
    return planned.fault
  }
}
