import type { CouchbaseCollection } from '../src/index.ts'

/** One operation, as it is about to be sent. */
export interface Operation {
  readonly verb: keyof CouchbaseCollection
  readonly key: string
  /** 1 for the first of this collection. */
  readonly number: number
}

/** What happens to an operation; `late`: it is sent after its failure was told. */
export type Fate = 'sent' | 'not-sent' | 'reply-lost' | 'late'

class ConnectionLost extends Error {
  // As the client names it.
  override readonly name = 'RequestCanceledError'
}

/**
 * A collection of the real client that counts what is asked of it and can lose requests and replies between program and
 * client, for crashes at exact places.
 */
export class WatchedCollection implements CouchbaseCollection {
  readonly operations: Operation[] = []
  /** What was sent late and is still on its way. */
  readonly late: Promise<unknown>[] = []
  readonly #collection: CouchbaseCollection
  readonly #fateOf: (operation: Operation) => Fate

  constructor(collection: CouchbaseCollection, fateOf: (operation: Operation) => Fate = () => 'sent') {
    this.#collection = collection
    this.#fateOf = fateOf
  }

  get: CouchbaseCollection['get'] = (key, options) =>
    this.#pass('get', key, () => this.#collection.get(key, options))

  insert: CouchbaseCollection['insert'] = (key, value, options) =>
    this.#pass('insert', key, () => this.#collection.insert(key, value, options))

  replace: CouchbaseCollection['replace'] = (key, value, options) =>
    this.#pass('replace', key, () => this.#collection.replace(key, value, options))

  upsert: CouchbaseCollection['upsert'] = (key, value, options) =>
    this.#pass('upsert', key, () => this.#collection.upsert(key, value, options))

  remove: CouchbaseCollection['remove'] = (key, options) =>
    this.#pass('remove', key, () => this.#collection.remove(key, options))

  lookupIn: CouchbaseCollection['lookupIn'] = (key, specs) =>
    this.#pass('lookupIn', key, () => this.#collection.lookupIn(key, specs))

  mutateIn: CouchbaseCollection['mutateIn'] = (key, specs, options) =>
    this.#pass('mutateIn', key, () => this.#collection.mutateIn(key, specs, options))

  async #pass<Result>(verb: Operation['verb'], key: string, send: () => Promise<Result>): Promise<Result> {
    const operation = { verb, key, number: this.operations.length + 1 }
    this.operations.push(operation)
    const fate = this.#fateOf(operation)
    if (fate === 'sent') return await send()
    if (fate === 'reply-lost') await Promise.allSettled([send()])
    if (fate === 'late') this.late.push(afterSomeTurns().then(() => Promise.allSettled([send()])))
    throw new ConnectionLost(`${verb} was given up on`)
  }
}

/** Long enough for others to come in between, however fast the machine is. */
async function afterSomeTurns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
}
