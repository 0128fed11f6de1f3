import { createRequire } from 'node:module'
import { EventStoreError } from '@eventspine/core'

/*
 * The package `couchbase` as far as it is used. Its own declarations do not compile under strict settings, so nobody who
 * uses this adapter should have to compile them.
 */

/** The server's word for one state of a document; opaque. */
export interface Cas {
  toString(): string
}

interface Mutated {
  readonly cas: Cas
}

/** A `Collection` of the package `couchbase`. */
export interface CouchbaseCollection {
  get(key: string, options: object): Promise<{ readonly content: unknown; readonly cas: Cas }>
  insert(key: string, value: unknown, options: object): Promise<Mutated>
  replace(key: string, value: unknown, options: object): Promise<Mutated>
  upsert(key: string, value: unknown, options: object): Promise<Mutated>
  remove(key: string, options: object): Promise<Mutated>
  lookupIn(
    key: string,
    specs: object[],
  ): Promise<{ readonly content: readonly { readonly error: Error | null; readonly value?: unknown }[] }>
  mutateIn(
    key: string,
    specs: object[],
    options: object,
  ): Promise<{ readonly content: readonly { readonly value?: unknown }[] }>
}

export interface CouchbaseCluster {
  bucket(name: string): {
    scope(name: string): { collection(name: string): CouchbaseCollection }
  }
  close(): Promise<void>
}

/** A part of an operation on parts of a document; made by {@link clientModule}. */
export type Spec = object

interface ClientModule {
  readonly connect: (connectionString: string, options: object) => Promise<CouchbaseCluster>
  readonly DefaultTranscoder: new () => object
  readonly StoreSemantics: { readonly Upsert: number }
  readonly LookupInSpec: { get(path: string): Spec }
  readonly MutateInSpec: {
    insert(path: string, value: unknown): Spec
    upsert(path: string, value: unknown, options?: { readonly createPath: boolean }): Spec
    replace(path: string, value: unknown): Spec
    remove(path: string): Spec
    increment(path: string, by: number): Spec
    arrayAppend(path: string, values: readonly unknown[], options: { readonly multi: true }): Spec
  }
}

let loaded: ClientModule | undefined

/** @throws {@link EventStoreError} `BACKEND_FAILED`: the package is not installed. */
export function clientModule(): ClientModule {
  try {
    // As far as it is used; tests hold it against the package.
    loaded ??= createRequire(import.meta.url)('couchbase') as ClientModule
    return loaded
  } catch (cause) {
    throw new EventStoreError(
      'BACKEND_FAILED',
      "couchbase: the package 'couchbase' cannot be loaded: npm install couchbase",
      { cause },
    )
  }
}

/** Makes parts of operations; to be called once a client is there. */
export const specs = {
  get: (path: string): Spec => clientModule().LookupInSpec.get(path),
  insert: (path: string, value: unknown): Spec => clientModule().MutateInSpec.insert(path, value),
  upsert: (path: string, value: unknown): Spec =>
    clientModule().MutateInSpec.upsert(path, value, { createPath: true }),
  replace: (path: string, value: unknown): Spec => clientModule().MutateInSpec.replace(path, value),
  remove: (path: string): Spec => clientModule().MutateInSpec.remove(path),
  increment: (path: string, by: number): Spec => clientModule().MutateInSpec.increment(path, by),
  append: (path: string, values: readonly unknown[]): Spec =>
    clientModule().MutateInSpec.arrayAppend(path, values, { multi: true }),
} as const
