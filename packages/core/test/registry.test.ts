import { describe, expect, it } from 'vitest'
import type { AdapterModule, AdapterRegistry } from '../src/backend.ts'
import { open } from '../src/registry.ts'

/** Remembers what was loaded and opened; opening always fails, as no backend is needed here. */
function registry(): { readonly adapters: AdapterRegistry; readonly seen: unknown[] } {
  const seen: unknown[] = []
  const load = (scheme: string) => async (): Promise<AdapterModule> => {
    seen.push(`load ${scheme}`)
    return {
      openUrl: async (url, options) => {
        seen.push([url, options])
        throw new Error('opened')
      },
    }
  }
  return { adapters: { one: load('one'), 'two+tls': load('two') }, seen }
}

describe('open', () => {
  it('loads the adapter of the scheme only, and gives it the URL and the options', async () => {
    const { adapters, seen } = registry()
    const options = { create: true, partitions: 4 }
    await expect(open('ONE://host/db', adapters, options)).rejects.toThrow('opened')
    expect(seen).toEqual(['load one', ['ONE://host/db', options]])
    await expect(open('two+tls:name', adapters)).rejects.toThrow('opened')
    expect(seen.slice(2)).toEqual(['load two', ['two+tls:name', {}]])
  })

  it('refuses what is no URL, and schemes that nobody registered, and tells which are known', async () => {
    const { adapters, seen } = registry()
    // What a program without types could pass, an unset variable above all.
    for (const url of ['', 'host/db', '://x', undefined, null, 7] as string[]) {
      await expect(open(url, adapters)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'url' })
    }
    for (const url of ['three://x', 'constructor:x', '__proto__:x', 'toString:']) {
      await expect(open(url, adapters)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'url' })
    }
    await expect(open('three://user:secret@host', adapters)).rejects.toThrow(/"three"; known: one, two\+tls$/)
    expect(seen).toEqual([])
  })
})
