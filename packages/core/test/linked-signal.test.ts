import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { LinkedSignal } from '../src/linked-signal.ts'

describe('LinkedSignal', () => {
  it('aborts with any of its sources, also with one that was aborted before', () => {
    const [one, two] = [new AbortController(), new AbortController()]
    const linked = new LinkedSignal([one.signal, undefined, two.signal])
    expect(linked.signal.aborted).toBe(false)
    two.abort()
    expect(linked.signal.aborted).toBe(true)
    expect(linked.timedOut).toBe(false)
    expect(new LinkedSignal([two.signal]).signal.aborted).toBe(true)
    linked.unlink()
  })

  it('aborts after its time and says that it was the time', async () => {
    const linked = new LinkedSignal([], 1)
    await new Promise((resolve) => linked.signal.addEventListener('abort', resolve))
    expect(linked.timedOut).toBe(true)
    linked.unlink()
  })

  it('leaves nothing behind at sources that live on', () => {
    const { signal } = new AbortController()
    for (let time = 0; time < 100; time++) new LinkedSignal([signal], 60_000).unlink()
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
