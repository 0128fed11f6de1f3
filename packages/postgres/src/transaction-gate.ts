import { EventStoreError } from '@eventspine/core'

/**
 * Holds statements back while a transaction is open on the only connection. PGlite would queue them itself, but for
 * ever and beyond recall: a call from within a transaction that is awaited there would hang, and one that was given
 * up would be executed later all the same. What waits here can be called off.
 */
export class TransactionGate {
  #closed: Promise<void> | undefined

  /**
   * Starts `action` as soon as no transaction is open.
   *
   * @throws {@link EventStoreError} `BUSY` after `waitMs`: it was not started, nor will it be.
   */
  async whenOpen<Result>(waitMs: number, action: () => Result): Promise<Awaited<Result>> {
    const deadline = performance.now() + waitMs
    while (this.#closed !== undefined) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw busy(waitMs)
      await settledWithin(this.#closed, leftMs)
    }
    return await action()
  }

  /** Closes the gate, likewise. @returns what opens it again. */
  close(waitMs: number): Promise<() => void> {
    return this.whenOpen(waitMs, () => {
      let settle: () => void = () => undefined
      this.#closed = new Promise((resolve) => (settle = resolve))
      return () => {
        this.#closed = undefined
        settle()
      }
    })
  }
}

const gates = new WeakMap<object, TransactionGate>()

/** All stores over one client share its gate. */
export function gateOf(client: object): TransactionGate {
  const gate = gates.get(client) ?? new TransactionGate()
  gates.set(client, gate)
  return gate
}

async function settledWithin(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.ceil(ms))
  })
  await Promise.race([promise, timeout])
  clearTimeout(timer)
}

function busy(waitMs: number): EventStoreError<'BUSY'> {
  return new EventStoreError(
    'BUSY',
    `pglite: waited ${waitMs} ms for an open transaction; within one, use the store that it was given`,
    { retryable: true },
  )
}
