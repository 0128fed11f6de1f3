import type { Backend } from '@eventspine/core'
import type { TestBackend } from './kit.ts'

/** What only the author of an adapter knows about a store under test; see {@link TestBackend}. */
export interface TestBedOptions extends Partial<
  Pick<
    TestBackend,
    'child' | 'claimCheck' | 'loseReply' | 'loseRelayReply' | 'outage' | 'trimFeed' | 'trimHandled'
  >
> {
  /** Removes the store, after all its clients were closed. */
  readonly remove?: (() => Promise<void>) | undefined
}

/**
 * A {@link TestBackend} over a store that exists and is empty.
 *
 * @param open - opens one more client of that store.
 */
export async function testBed(
  open: () => Backend | Promise<Backend>,
  options: TestBedOptions = {},
): Promise<TestBackend> {
  const { remove, child, ...faults } = options
  const opened: Backend[] = []
  const openOne = async (): Promise<Backend> => {
    const client = await open()
    opened.push(client)
    return client
  }
  let backend = await openOne()
  return {
    ...faults,
    child,
    get backend() {
      return backend
    },
    sibling: openOne,
    reopen: async () => {
      await backend.close()
      backend = await openOne()
      return backend
    },
    close: async () => {
      await Promise.all(opened.map((client) => client.close()))
      await remove?.()
    },
  }
}
