import { styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]

/** Prints what happens, for people: in colours where a terminal shows them. */
export class Transcript {
  readonly #write: (text: string) => void
  readonly #hasColours: boolean

  constructor(stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>, environment: NodeJS.ProcessEnv) {
    this.#write = (text) => stream.write(`${text}\n`)
    // https://no-color.org
    this.#hasColours = stream.isTTY && (environment['NO_COLOR'] ?? '') === ''
  }

  title(text: string): void {
    this.#write(this.#styled('bold', text))
  }

  section(text: string): void {
    this.#write(`\n${this.#styled(['bold', 'cyan'], text)}`)
  }

  /** Something was done. */
  done(account: string, what: string, result: string): void {
    this.#row(this.#styled('green', '✓'), account, what, result)
  }

  /** Something was refused, by a rule or by another writer. */
  refused(account: string, what: string, reason: string, code: string): void {
    this.#row(this.#styled('red', '✗'), account, what, `${this.#styled('yellow', code)}: ${reason}`)
  }

  line(text: string): void {
    this.#write(`  ${text}`)
  }

  aside(text: string): void {
    this.#write(`  ${this.#styled('dim', text)}`)
  }

  #row(mark: string, account: string, what: string, result: string): void {
    this.#write(`  ${mark} ${account.padEnd(13)} ${what.padEnd(23)} ${result}`.trimEnd())
  }

  #styled(format: Format, text: string): string {
    // It would otherwise judge by the process's own output.
    return this.#hasColours ? styleText(format, text, { validateStream: false }) : text
  }
}
