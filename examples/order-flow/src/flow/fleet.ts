import { join } from 'node:path'
import type { ServiceName, ServiceReport } from '../service/report.ts'
import { ServiceProcess } from './service-process.ts'

/** A service as people see it. */
export interface ServiceState {
  readonly name: ServiceName
  status: 'starting' | 'up' | 'stopped'
  pid: number
  kills: number
  /** What its process says that it has done. */
  progress: string
}

export interface FleetOptions {
  readonly names: readonly ServiceName[]
  readonly environment: NodeJS.ProcessEnv
  readonly logFolder: string
  readonly onReport: (name: ServiceName, report: ServiceReport) => void
  readonly onNote: (note: string) => void
  /** A service cannot be kept running. */
  readonly onFailure: (error: Error) => void
}

/** Ends by itself so often before it is given up: each time it would only end again. */
const MOST_FAILURES = 3

/** Runs the services, each as a process, and starts again whatever ends. */
export class Fleet {
  readonly states: ReadonlyMap<ServiceName, ServiceState>
  /** Processes that ended although nobody asked them to. */
  readonly failures: string[] = []
  readonly #options: FleetOptions
  readonly #processes = new Map<ServiceName, ServiceProcess>()
  readonly #killedAtMs = new Map<ServiceName, number>()
  readonly #waiting = new Map<ServiceName, (() => void)[]>()
  #stopping = false

  constructor(options: FleetOptions) {
    this.#options = options
    this.states = new Map(
      options.names.map((name) => [name, { name, status: 'starting', pid: 0, kills: 0, progress: '' }]),
    )
  }

  /** Resolves when all of them are ready. */
  async start(): Promise<void> {
    for (const name of this.states.keys()) this.#start(name)
    await Promise.all(Array.from(this.states.keys(), (name) => this.#up(name)))
  }

  /** Kills a service in the middle of whatever it does, once it runs; it is started again at once. */
  async kill(name: ServiceName): Promise<void> {
    await this.#up(name)
    const state = this.states.get(name)
    if (state === undefined || this.#stopping) return
    this.#killed(state, `killed ${name} (kill -9 ${state.pid})`)
    await this.#processes.get(name)?.kill()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(Array.from(this.#processes.values(), (one) => one.stop()))
  }

  /** At once, without waiting: for the end of this process. */
  drop(): void {
    this.#stopping = true
    for (const one of this.#processes.values()) one.drop()
  }

  #start(name: ServiceName): void {
    const state = this.states.get(name)
    if (state === undefined) return
    const { environment, logFolder, onReport } = this.#options
    const started = new ServiceProcess(name, {
      environment,
      logPath: join(logFolder, `${name}.log`),
      onReport: (report) => {
        if (report.kind === 'ready') this.#ready(state)
        if (report.kind === 'progress') state.progress = report.text
        onReport(name, report)
      },
      onEnd: ({ how, text }) => {
        if (how === 'failed') this.#failed(name, text)
        if (how === 'shot') this.#killed(state, `somebody killed ${name}, process ${state.pid}`)
        state.status = this.#stopping ? 'stopped' : 'starting'
        state.progress = ''
        if (!this.#stopping) this.#start(name)
      },
    })
    this.#processes.set(name, started)
    state.pid = started.pid
  }

  #ready(state: ServiceState): void {
    state.status = 'up'
    const killedAtMs = this.#killedAtMs.get(state.name)
    const seconds = ((performance.now() - (killedAtMs ?? 0)) / 1000).toFixed(1)
    const how = killedAtMs === undefined ? 'up' : `back after ${seconds} s`
    this.#options.onNote(`${state.name} is ${how}, process ${state.pid}`)
    this.#killedAtMs.delete(state.name)
    for (const resume of this.#waiting.get(state.name)?.splice(0) ?? []) resume()
  }

  #killed(state: ServiceState, note: string): void {
    state.kills++
    this.#killedAtMs.set(state.name, performance.now())
    this.#options.onNote(note)
  }

  #failed(name: ServiceName, text: string): void {
    const { logFolder, onNote, onFailure } = this.#options
    const failure = `${name} ${text} by itself; see ${join(logFolder, `${name}.log`)}`
    this.failures.push(failure)
    onNote(failure)
    if (this.failures.length < MOST_FAILURES) return
    this.#stopping = true
    onFailure(new Error(failure))
  }

  async #up(name: ServiceName): Promise<void> {
    if (this.states.get(name)?.status === 'up') return
    await new Promise<void>((resolve) => {
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), resolve])
    })
  }
}
