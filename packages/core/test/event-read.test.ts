import { describe, expect, it } from 'vitest'
import { prefetched } from '../src/event-read.ts'

/** Pages 1, 2 … `count`, whose requests are noted; the page `failing` fails. */
function pages(count: number, failing?: number) {
  const asked: number[] = []
  const fetchPage = (page: number) => async (): Promise<number> => {
    asked.push(page)
    if (page === failing) throw new Error(`page ${page} failed`)
    return page
  }
  const following = (page: number) => (page < count ? fetchPage(page + 1) : undefined)
  return { asked, read: () => prefetched(fetchPage(1), following) }
}

describe('prefetched', () => {
  it('asks for nothing before it is read, and for the next page before it hands one out', async () => {
    const { asked, read } = pages(4)
    const pending = read()
    expect(asked).toEqual([])
    for (const page of [1, 2, 3, 4]) {
      expect(await pending.next()).toEqual({ done: false, value: page })
      expect(asked.at(-1)).toBe(Math.min(page + 1, 4))
    }
    expect(await pending.next()).toEqual({ done: true, value: undefined })
    expect(asked).toEqual([1, 2, 3, 4])
  })

  it('hands out what came before a failure, and then fails', async () => {
    const { read } = pages(4, 3)
    const seen: number[] = []
    const reading = async (): Promise<void> => {
      for await (const page of read()) seen.push(page)
    }
    await expect(reading()).rejects.toThrow('page 3 failed')
    expect(seen).toEqual([1, 2])
  })

  it('drops a page that was asked for when the reader leaves, also one that fails', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    try {
      const { asked, read } = pages(4, 2)
      for await (const page of read()) {
        expect(page).toBe(1)
        break
      }
      await new Promise((resolve) => setImmediate(resolve))
      expect(asked).toEqual([1, 2])
      expect(unhandled).toEqual([])
    } finally {
      process.off('unhandledRejection', note)
    }
  })
})
