import { PGlite } from '@electric-sql/pglite'
import type { DriverHooks } from '@eventspine/conformance'
import type { Backend, OpenOptions } from '@eventspine/core'
import { openUrl } from '@eventspine/postgres'

/* How a child process opens a store on PGlite: the engine tells of every message of the protocol. */

export async function openHooked(url: string, options: OpenOptions, hooks: DriverHooks): Promise<Backend> {
  const backend = await openUrl(url, options)
  // The engine runs on this thread, so this one method is all there is between the store and the disk.
  // It is called with the engine as `this` below.
  // oxlint-disable-next-line typescript/unbound-method
  const execute = PGlite.prototype.execProtocolRawSync
  PGlite.prototype.execProtocolRawSync = function hooked(message) {
    hooks.beforeSend()
    hooks.working()
    const reply = execute.call(this, message)
    hooks.replied()
    return reply
  }
  return backend
}
