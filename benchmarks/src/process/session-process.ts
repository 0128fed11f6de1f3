import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Slice } from '../harness/slice.ts'
import type { SessionReply, SessionRequest } from './session-messages.ts'

/** A process whose script calls `serveSession`. One request at a time. */
export class SessionProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(script: URL) {
    // Typed arrays cross as they are, not as JSON.
    this.#child = fork(fileURLToPath(script), { serialization: 'advanced' })
    this.#ended = once(this.#child, 'exit')
  }

  /** @throws what the session threw, or that its process has ended. */
  async ask(request: SessionRequest): Promise<Slice | undefined> {
    const reply = once(this.#child, 'message')
    this.#child.send(request)
    const gone = this.#ended.then(() => {
      throw new Error(`the process of a session ended by itself (${this.#child.exitCode})`)
    })
    // The child answers each request with one reply.
    const [answer] = (await Promise.race([reply, gone])) as [SessionReply]
    if (!answer.ok) throw new Error(answer.error)
    return answer.slice
  }

  /** As {@link ask}, for requests that are answered by a slice. */
  async measure(request: SessionRequest): Promise<Slice> {
    const slice = await this.ask(request)
    if (slice === undefined) throw new Error('the process of a session measured nothing')
    return slice
  }

  /** Closes the session and waits for the process to end. Calling it again does nothing. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    try {
      await this.ask({ call: 'close' })
    } finally {
      if (this.#child.connected) this.#child.disconnect()
      await this.#ended
    }
  }
}
