import { EventStoreError, type EventStoreErrorCode } from '@eventspine/core'

type Remedies = Partial<Record<EventStoreErrorCode, string>>

const remedies: Remedies = {
  ACCESS_DENIED: 'check user, password and rights in EVENTSPINE_STORE',
  BACKEND_UNAVAILABLE: 'start the server, or check host and port in EVENTSPINE_STORE',
  BUSY: 'somebody else holds the store of EVENTSPINE_STORE: try again',
  INVALID_ARGUMENT:
    'set EVENTSPINE_STORE to memory:, pglite:FOLDER or postgres://USER:PASSWORD@HOST/DATABASE',
  STORE_INCOMPATIBLE: 'name another database in EVENTSPINE_STORE',
  STORE_MISSING: 'create the database, or check its name in EVENTSPINE_STORE',
}

/** An embedded database is a folder, not a server. */
const folderRemedies: Remedies = {
  ...remedies,
  ACCESS_DENIED: 'check the rights of the folder, or name another one in EVENTSPINE_STORE',
  BACKEND_UNAVAILABLE: 'it holds something else or is damaged; name another folder in EVENTSPINE_STORE',
  STORE_INCOMPATIBLE: 'name another folder in EVENTSPINE_STORE',
  STORE_IN_USE: 'end the other process, or name another folder in EVENTSPINE_STORE',
}

/** One line that says what failed, its code and what to do; `undefined` for what should never happen. */
export function explainFailure(error: unknown, url: string): string | undefined {
  if (!EventStoreError.is(error)) return undefined
  const remedy = (url.startsWith('pglite:') ? folderRemedies : remedies)[error.code]
  return `${error.message} (${error.code})${remedy === undefined ? '' : `: ${remedy}`}`
}
