import type { StepOutcome } from './step.ts'

/** Tells people how a run goes: a line for each step that ended, and on a terminal what runs now. */
export class Progress {
  readonly #out: NodeJS.WriteStream
  readonly #running = new Map<string, number>()
  readonly #timer: NodeJS.Timeout | undefined

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
    const live = out.isTTY && process.env['CI'] === undefined
    this.#timer = live ? setInterval(() => this.#showRunning(), 1_000) : undefined
  }

  started(name: string): void {
    this.#running.set(name, performance.now())
  }

  ended(name: string, outcome: StepOutcome, seconds: number, problem: string | undefined): void {
    this.#running.delete(name)
    this.#clearLine()
    const verdict = outcome.failed > 0 ? 'FAIL' : 'ok'
    const counts = [
      `${outcome.passed} passed`,
      outcome.failed > 0 ? `${outcome.failed} failed` : '',
      outcome.skipped > 0 ? `${outcome.skipped} skipped` : '',
      outcome.note ?? '',
    ]
    const time = `${seconds.toFixed(1)} s`.padStart(8)
    this.#out.write(
      `${verdict.padEnd(5)} ${name.padEnd(16)} ${time}   ${counts.filter(Boolean).join(', ')}\n`,
    )
    if (problem !== undefined) this.#out.write(`${problem.replaceAll(/^/gm, '      | ')}\n`)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#clearLine()
  }

  #showRunning(): void {
    this.#clearLine()
    const now = performance.now()
    const names = [...this.#running].map(
      ([name, startedAt]) => `${name} ${Math.round((now - startedAt) / 1000)} s`,
    )
    this.#out.write(`      ${names.join(', ')}`.slice(0, this.#out.columns))
  }

  #clearLine(): void {
    if (this.#timer !== undefined) this.#out.write('\r\u001B[2K')
  }
}
