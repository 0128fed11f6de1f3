import type { AdapterRegistry, Backend, OpenOptions } from './backend.ts'
import { invalidArgument } from './error.ts'

/**
 * Opens the backend that a URL names, loading only its adapter: `open(process.env.EVENTSPINE_STORE, adapters)`.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`: no URL, or no adapter for its scheme. Else what the
 *   adapter throws: `STORE_MISSING`, `STORE_INCOMPATIBLE`, `ACCESS_DENIED`, `BACKEND_UNAVAILABLE`, ….
 */
export async function open(
  url: string,
  adapters: AdapterRegistry,
  options: OpenOptions = {},
): Promise<Backend> {
  const scheme = typeof url === 'string' ? /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() : undefined
  if (scheme === undefined)
    throw invalidArgument('url', 'must start with a scheme, such as memory: or postgres://')
  const load = Object.hasOwn(adapters, scheme) ? adapters[scheme] : undefined
  if (load === undefined) {
    const known = Object.keys(adapters).sort().join(', ')
    throw invalidArgument('url', `no adapter is registered for the scheme "${scheme}"; known: ${known}`)
  }
  const adapter = await load()
  return adapter.openUrl(url, options)
}
