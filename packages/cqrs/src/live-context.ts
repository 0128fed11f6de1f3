import { type HandlerContext, notSupported } from '@eventspine/core'

const refuse = (): never => {
  throw notSupported('nothing is written here: no consumer calls this handler')
}

/** What handlers of a contract are called with where no consumer calls them. */
export const LIVE_CONTEXT: HandlerContext = {
  group: '',
  partition: 0,
  attempt: 1,
  signal: new AbortController().signal,
  fencingToken: 0,
  documents: { get: async () => refuse(), put: refuse, delete: refuse },
  transaction: undefined,
}
