import { type Shift, sell } from './counter.ts'
import { openShop, type ShopUrls } from './open-shop.ts'

/* A counter as a process of its own, to be killed: it is told what to sell, and tells what was acknowledged. */

process.on('message', (task: { readonly urls: ShopUrls; readonly shift: Shift }) => {
  work(task.urls, task.shift).catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
process.on('disconnect', () => process.exit())

async function work(urls: ShopUrls, shift: Shift): Promise<void> {
  await using shop = await openShop(urls)
  await sell(shop, shift, (number) => process.send?.(number))
  process.disconnect()
}
