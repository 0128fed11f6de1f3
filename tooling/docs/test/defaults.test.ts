import { describe, expect, it } from 'vitest'
import { readText } from '../src/repository.ts'

/** The rows of all tables of a page whose first cell is one name in code: its other cells by that name. */
function rowsOf(page: string): ReadonlyMap<string, readonly string[]> {
  const rows = [...readText(page).matchAll(/^\| `(\w+)` +\|(.*)\|$/gm)]
  return new Map(rows.map(([, name = '', cells = '']) => [name, cells.split('|').map((cell) => cell.trim())]))
}

/** What a destructuring in the source gives to a name that is left out. */
function defaultIn(source: string, name: string): string {
  return new RegExp(String.raw`\b${name} = ([^,}\n]+?) *[,}]`).exec(source)?.[1]?.replaceAll('_', '') ?? ''
}

const plain = (cell: string | undefined): string => (cell ?? '').replaceAll(/[`,]/g, '')

describe('the defaults in the documentation', () => {
  const options = readText('packages/core/src/consumer/consumer-options.ts')
  const consumers = rowsOf('docs/consumers.md')

  it.for([
    'startFrom',
    'effects',
    'concurrency',
    'maxInFlightEvents',
    'onFailure',
    'maxParkedStreams',
    'leaseMs',
  ])('are those of the source: %s of a subscription', (name) => {
    expect(defaultIn(options, name)).not.toBe('')
    expect(plain(consumers.get(name)?.[0])).toBe(defaultIn(options, name))
  })

  it('are those of the source: retries and polls of a subscription', () => {
    const of = (names: readonly string[]): string =>
      names.map((name) => `${name}: ${defaultIn(options, name)}`).join(' ')
    expect(plain(consumers.get('retry')?.[0])).toBe(`{ ${of(['attempts', 'initialDelayMs', 'maxDelayMs'])} }`)
    expect(plain(consumers.get('pollMs')?.[0])).toBe(`{ ${of(['min', 'max'])} }`)
  })

  it('are those of the source: reads', () => {
    const reader = readText('packages/core/src/stream-reader.ts')
    const read = rowsOf('packages/core/README.md')
    expect(plain(read.get('from')?.[1])).toBe(defaultIn(reader, 'from'))
    expect(plain(read.get('direction')?.[1])).toBe(defaultIn(reader, 'direction'))
    expect(plain(read.get('pageSize')?.[1])).toBe(/DEFAULT_PAGE_EVENTS = (\d+)/.exec(reader)?.[1])
  })

  it('are those of the source: the memory adapter', () => {
    const source = readText('packages/memory/src/memory.ts')
    const memory = rowsOf('packages/memory/README.md')
    expect(plain(memory.get('lockTimeoutMs')?.[1])).toBe(defaultIn(source, 'lockTimeoutMs'))
  })
})
