import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Shift } from './counter.ts'
import type { ShopUrls } from './open-shop.ts'

const main = fileURLToPath(new URL('counter-main.ts', import.meta.url))

/** How long after an order was acknowledged the kill comes: into the next one, photos being written or not. */
const MOST_KILL_DELAY_MS = 30

/**
 * Sells in a process of its own, which is killed with SIGKILL while it works on the order after `killAfter`, where
 * that is given.
 *
 * @returns the last order that was acknowledged.
 * @throws an Error: it ended by itself before it was done.
 */
export async function sellInProcess(
  urls: ShopUrls,
  shift: Shift,
  killAfter: number | undefined,
  onOrder: (number: number) => void,
): Promise<number> {
  const child = fork(main, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let last = shift.from - 1
  let killed = false
  child.on('message', (number: number) => {
    last = number
    onOrder(number)
    if (number !== killAfter) return
    killed = true
    setTimeout(() => child.kill('SIGKILL'), Math.random() * MOST_KILL_DELAY_MS)
  })
  const gone = once(child, 'exit')
  const drop = (): void => void child.kill('SIGKILL')
  process.once('exit', drop)
  child.send({ urls, shift })
  const [code] = await gone
  process.off('exit', drop)
  if (!killed && (code !== 0 || last !== shift.to))
    throw new Error(`a counter ended by itself (${String(code)})`)
  return last
}
