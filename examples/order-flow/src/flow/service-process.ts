import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ServiceName, ServiceReport } from '../service/report.ts'

const STOP_GRACE_MS = 15_000

/** How a process of a service ended. */
export interface Ending {
  /** `shot`: somebody else killed it, perhaps whoever watches. */
  readonly how: 'killed' | 'shot' | 'stopped' | 'failed'
  readonly text: string
}

export interface ServiceProcessOptions {
  readonly environment: NodeJS.ProcessEnv
  readonly logPath: string
  readonly onReport: (report: ServiceReport) => void
  readonly onEnd: (ending: Ending) => void
}

/** One process of the operating system that runs a service. */
export class ServiceProcess {
  readonly #child: ChildProcess
  readonly #gone: Promise<unknown>
  #asked: 'killed' | 'stopped' | undefined

  constructor(name: ServiceName, { environment, logPath, onReport, onEnd }: ServiceProcessOptions) {
    const main = fileURLToPath(new URL(`../${name}/main.ts`, import.meta.url))
    // Arguments are visible to everybody on the machine, and URLs have passwords: those go by the environment.
    const log = openSync(logPath, 'a')
    this.#child = fork(main, [], { env: environment, stdio: ['ignore', log, log, 'ipc'] })
    closeSync(log)
    this.#child.on('message', (report) => onReport(report as ServiceReport))
    // Its `close` never comes once this side has let go of the channel.
    this.#gone = once(this.#child, 'exit').then(([code, signal]: readonly unknown[]) => {
      const unasked = signal === 'SIGKILL' ? 'shot' : 'failed'
      onEnd({ how: this.#asked ?? unasked, text: `ended with ${String(code ?? signal)}` })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** SIGKILL: it ends without a chance to do anything. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#asked = 'killed'
    this.#child.kill('SIGKILL')
    await this.#gone
  }

  /** Lets it finish what is in hand. */
  async stop(): Promise<void> {
    this.#asked ??= 'stopped'
    if (this.#child.connected) this.#child.disconnect()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_GRACE_MS)
    await this.#gone
    clearTimeout(timer)
  }

  /** At once, without waiting: for the end of this process. */
  drop(): void {
    this.#asked ??= 'stopped'
    this.#child.kill('SIGKILL')
  }
}
