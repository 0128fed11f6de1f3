import type { Backend } from '@eventspine/core'
import type { TestBackend } from './kit.ts'

/** The store as its first client sees it, as a second one does, and as it is after it was opened again. */
export async function* eachClient(test: TestBackend): AsyncGenerator<Backend> {
  yield test.backend
  yield await test.sibling()
  yield await test.reopen()
}
