import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { HistoryRecord, Journal } from './history.ts'

/** A journal in memory: for histories of one process. */
export class MemoryJournal implements Journal {
  readonly records: HistoryRecord[] = []

  write(record: HistoryRecord): void {
    this.records.push(record)
  }
}

/**
 * A journal in a file that survives SIGKILL: what was written is with the operating system before the next
 * statement runs, so nothing can be acknowledged, handled or sent without standing there.
 */
export class FileJournal implements Journal, Disposable {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  write(record: HistoryRecord): void {
    writeSync(this.#file, `${JSON.stringify(record)}\n`)
  }

  close(): void {
    closeSync(this.#file)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** The records of a {@link FileJournal}. A last line that a kill cut short was never acted upon: it is left out. */
export function readJournal(path: string): readonly HistoryRecord[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  // Behind the last line break stands nothing, or the record that was being written.
  lines.pop()
  return lines.map((line) => JSON.parse(line) as HistoryRecord)
}
