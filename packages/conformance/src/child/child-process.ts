import { type ChildProcess as NodeChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { EventStoreError } from '@eventspine/core'
import { eventually } from '../eventually.ts'
import type { ChildAccess } from '../kit.ts'
import type {
  CarriedError,
  ChildCommands,
  ChildNote,
  CommandName,
  FromChild,
  NoteOf,
  ToChild,
} from './protocol.ts'

/** How long a process may take to load its adapter, on a busy machine. */
const READY_MS = 60_000
const CLOSE_MS = 15_000

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Another process of the operating system: the store is opened in it, and it does what it is told. */
export class ChildProcess implements AsyncDisposable {
  readonly #process: NodeChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #notes: ChildNote[] = []
  #lastId = 0
  #ended: string | undefined

  private constructor(process: NodeChildProcess) {
    this.#process = process
    process.on('message', (message) => this.#receive(message as FromChild))
    process.once('exit', (code, signal) => this.#end(`exited with ${code ?? signal}`))
    process.once('error', (error) => this.#end(error.message))
  }

  /** Starts a process that has nothing open yet; it is ready to be told more. */
  static async start(): Promise<ChildProcess> {
    const fromSource = import.meta.url.endsWith('.ts')
    const entry = fileURLToPath(new URL(fromSource ? './entry.ts' : './entry.js', import.meta.url))
    const started = fork(entry, [], {
      ...(fromSource ? { execArgv: sourceArguments() } : {}),
      serialization: 'json',
    })
    const ready = once(started, 'message', { signal: AbortSignal.timeout(READY_MS) })
    const gone = once(started, 'exit').then(([code, signal]: readonly unknown[]) => {
      throw new Error(`the child process ended before it was ready: ${String(code ?? signal)}`)
    })
    await Promise.race([ready, gone])
    gone.catch(() => undefined)
    return new ChildProcess(started)
  }

  /** Starts a process and opens the store in it. */
  static async open({ module, url }: ChildAccess): Promise<ChildProcess> {
    const child = await ChildProcess.start()
    try {
      await child.call('open', { module, url, options: {} })
    } catch (error) {
      await child.kill()
      throw error
    }
    return child
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  get ended(): boolean {
    return this.#ended !== undefined
  }

  /** How it ended; `undefined` while it lives. */
  get ending(): string | undefined {
    return this.#ended
  }

  /** @throws what the command threw there, or an error when the process ends before it answers. */
  async call<Name extends CommandName>(
    command: Name,
    request: ChildCommands[Name]['request'],
  ): Promise<ChildCommands[Name]['reply']> {
    if (this.ended) throw new Error(`the child process has ended, and cannot ${command}`)
    const id = ++this.#lastId
    const reply = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    const message: ToChild = { id, command, request }
    this.#process.send(message)
    // What a command answers is fixed by the protocol that both sides share.
    return (await reply) as ChildCommands[Name]['reply']
  }

  /** What it has said so far. */
  notes<Kind extends ChildNote['kind']>(kind: Kind): readonly NoteOf<Kind>[] {
    return this.#notes.filter((note): note is NoteOf<Kind> => note.kind === kind)
  }

  /** Waits until it has said something of that kind for which `matches` holds. */
  async said<Kind extends ChildNote['kind']>(
    kind: Kind,
    matches: (note: NoteOf<Kind>) => boolean = () => true,
    timeoutMs?: number,
  ): Promise<NoteOf<Kind>> {
    return eventually(`the child process says "${kind}"`, () => this.notes(kind).find(matches), timeoutMs)
  }

  /** SIGKILL: it ends without a chance to do anything. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.ended) this.#process.kill('SIGKILL')
    await this.exited()
  }

  /** SIGSTOP: it stands still, its connections stay open. */
  pause(): void {
    this.#process.kill('SIGSTOP')
  }

  /** SIGCONT: it goes on, not knowing that time has passed. */
  resume(): void {
    this.#process.kill('SIGCONT')
  }

  /** Resolves when it is gone, whoever ended it. */
  async exited(): Promise<void> {
    if (!this.ended) await once(this.#process, 'exit')
  }

  /** Closes the store in it and lets it end. */
  async close(): Promise<void> {
    if (this.ended) return
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), CLOSE_MS)
    try {
      await this.call('close', null)
    } catch (error) {
      // It was killed from outside meanwhile: it is closed all the same.
      if (!this.ended) throw error
    } finally {
      if (!this.ended) this.#process.disconnect()
      await this.exited()
      clearTimeout(timer)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }

  #receive(message: FromChild): void {
    if (message.kind === 'note') this.#notes.push(message.note)
    if (message.kind !== 'reply' && message.kind !== 'failure') return
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.kind === 'reply') waiting?.resolve(message.value)
    else waiting?.reject(revivedError(message.error))
  }

  #end(reason: string): void {
    this.#ended ??= reason
    for (const { reject } of this.#waiting.values()) reject(new Error(`the child process ${reason}`))
    this.#waiting.clear()
  }
}

/** From source, a child needs what translates TypeScript, and the packages' source condition. */
function sourceArguments(): string[] {
  const loader = createRequire(import.meta.url).resolve('tsx')
  return ['--conditions=@eventspine/source', '--import', pathToFileURL(loader).href]
}

function revivedError({ name, message, code, outcome, retryable }: CarriedError): Error {
  if (code === undefined || outcome === undefined) return new Error(`${name}: ${message}`)
  // Only codes and outcomes of this library's own errors were carried over.
  return new EventStoreError(code as EventStoreError['code'], message, {
    outcome: outcome as EventStoreError['outcome'],
    retryable: retryable === true,
  })
}
