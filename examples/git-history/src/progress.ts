import { Presets, SingleBar } from 'cli-progress'
import { RateMeter } from './rate-meter.ts'

export interface ProgressOptions {
  /** What is done: `replaying`. */
  readonly label: string
  /** What `total` counts: `commits`. */
  readonly unit: string
  readonly total: number
  readonly done: number
}

/** Progress of a long task. Lines and bars go to stderr, so that stdout holds the results alone. */
export interface Progress {
  /** @param events - of which the rate is shown. */
  update(done: number, events: number): void
  /** A line beside the progress. */
  note(line: string): void
  stop(): void
}

const LINE_EVERY_MS = 5000
/** Of fewer the speed says nothing: the first commit may be larger than all others together. */
const MIN_DONE_TO_FORESEE = 10

/** A bar on a terminal; elsewhere a line now and then. */
export function startProgress(
  options: ProgressOptions,
  stream: NodeJS.WriteStream = process.stderr,
): Progress {
  return stream.isTTY && process.env['CI'] === undefined
    ? new Bar(options, stream)
    : new Lines(options, stream)
}

class Measured {
  readonly #total: number
  readonly #doneBefore: number
  readonly #events = new RateMeter()
  readonly #done = new RateMeter()

  constructor({ total, done }: ProgressOptions) {
    this.#total = total
    this.#doneBefore = done
    this.#done.add(performance.now(), done)
    this.#events.add(performance.now(), 0)
  }

  add(done: number, events: number): { readonly rate: string; readonly remaining: string } {
    const now = performance.now()
    this.#done.add(now, done)
    this.#events.add(now, events)
    const { perSecond } = this.#done
    const foreseen = perSecond > 0 && done - this.#doneBefore >= MIN_DONE_TO_FORESEE
    return {
      rate: `${format(this.#events.perSecond)} events/s`,
      remaining: foreseen ? `${duration((this.#total - done) / perSecond)} left` : '',
    }
  }
}

class Bar implements Progress {
  readonly #bar: SingleBar
  readonly #measured: Measured
  readonly #stream: NodeJS.WriteStream

  constructor(options: ProgressOptions, stream: NodeJS.WriteStream) {
    const { label, unit, total, done } = options
    this.#stream = stream
    this.#measured = new Measured(options)
    const format = `${label} {bar} {percentage}% | {value} of {total} ${unit} | {rate} | {remaining}`
    // What Ctrl-C means is decided elsewhere.
    this.#bar = new SingleBar(
      { format, stream, hideCursor: true, clearOnComplete: true, gracefulExit: false },
      Presets.shades_classic,
    )
    this.#bar.start(total, done, { rate: '', remaining: '' })
  }

  update(done: number, events: number): void {
    this.#bar.update(done, this.#measured.add(done, events))
  }

  note(line: string): void {
    this.#stream.write(`\r\u001b[K${line}\n`)
  }

  stop(): void {
    this.#bar.stop()
  }
}

class Lines implements Progress {
  readonly #options: ProgressOptions
  readonly #measured: Measured
  readonly #stream: NodeJS.WriteStream
  #lastLineAtMs = performance.now()

  constructor(options: ProgressOptions, stream: NodeJS.WriteStream) {
    this.#options = options
    this.#stream = stream
    this.#measured = new Measured(options)
  }

  update(done: number, events: number): void {
    const { rate, remaining } = this.#measured.add(done, events)
    if (performance.now() - this.#lastLineAtMs < LINE_EVERY_MS) return
    this.#lastLineAtMs = performance.now()
    const { label, unit, total } = this.#options
    const percentage = Math.floor((100 * done) / Math.max(1, total))
    const ahead = remaining === '' ? '' : `, ${remaining}`
    this.note(`${label}: ${format(done)} of ${format(total)} ${unit} (${percentage}%), ${rate}${ahead}`)
  }

  note(line: string): void {
    this.#stream.write(`${line}\n`)
  }

  stop(): void {}
}

function format(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}
