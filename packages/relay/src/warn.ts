import { EventStoreError } from '@eventspine/core'
import type { RelayNotice } from './relay-options.ts'

/** What must not pass in silence when nobody asked to be told. */
export function warn(name: string, notice: RelayNotice): void {
  if (notice.kind !== 'ended') return
  const { error } = notice
  const what = EventStoreError.is(error) ? `${error.code}: ${error.message}` : String(error)
  process.emitWarning(`Eventspine relay ${JSON.stringify(name)} has ended: ${what}`)
}
