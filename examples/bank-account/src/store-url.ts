import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const defaultFolder = fileURLToPath(new URL('../../../.eventspine/bank-account', import.meta.url))

/** `EVENTSPINE_STORE`, or an embedded database in a folder of this checkout. */
export function storeUrl(environment: NodeJS.ProcessEnv): string {
  const given = environment['EVENTSPINE_STORE']
  return given === undefined || given === '' ? `pglite:${defaultFolder}` : given
}

/** The URL as people may see it: without user, password and options, folders as seen from here. */
export function describeStore(url: string): string {
  const folder = /^pglite:(?:\/\/)?(\/.*)$/.exec(url)?.[1]
  if (folder !== undefined) return `pglite:${fromHere(folder)}`
  if (!/^[\w+.-]+:\/\//.test(url)) return url
  if (!URL.canParse(url)) return url.slice(0, url.indexOf(':') + 1)
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

function fromHere(folder: string): string {
  const path = relative(process.cwd(), folder)
  return path === '' || path.startsWith('..') ? folder : path
}
