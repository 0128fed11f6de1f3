import { EventStoreError } from '@eventspine/core'
import { ServerStartError } from '@eventspine/servers'
import { type Options, parseOptions, usage, UsageError } from './options.ts'
import { runShop, type ShopResult } from './run-shop.ts'
import { provideServers } from './servers.ts'

process.exitCode = await main()

async function main(): Promise<number> {
  // Whatever this process started ends with it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))
  try {
    const options = parseOptions(process.argv.slice(2), process.env)
    if (options === undefined) {
      console.log(usage)
      return 0
    }
    return await run(options)
  } catch (error) {
    return report(error)
  }
}

async function run(options: Options): Promise<number> {
  const startedAtMs = performance.now()
  const say = (text: string): void =>
    console.log(`${((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(5)} s  ${text}`)
  await using urls = await provideServers(options, say)
  const result = await runShop({ ...options, urls, run: Date.now().toString(36), say })
  return printVerdict(result, options) ? 0 : 1
}

function printVerdict(
  { checks, orphans, photos, bytes }: ShopResult,
  { orders, kills, seed }: Options,
): boolean {
  console.log('')
  for (const { promise, problems } of checks) {
    console.log(`  ${problems.length === 0 ? '✓' : '✗'} ${promise}`)
    for (const problem of problems.slice(0, 10)) console.log(`      ${problem}`)
    if (problems.length > 10) console.log(`      and ${problems.length - 10} more`)
  }
  console.log(`  ${photos} photos, ${(bytes / 1e6).toFixed(1)} MB, none of them in the stream`)
  console.log(`  ${orphans} payloads without an event, left by kills, collected`)
  const good = checks.every(({ problems }) => problems.length === 0)
  console.log(
    `${good ? 'consistent' : 'not consistent'}: ${orders} orders, the counter killed ${kills} times, seed ${seed}`,
  )
  return good
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`photo-shop: ${error.message}\n\n${usage}`)
    return 2
  }
  if (EventStoreError.is(error)) console.error(`photo-shop: ${error.message} (${error.code})`)
  else if (error instanceof ServerStartError) console.error(`photo-shop: ${error.message}`)
  // Nothing else should happen: whoever looks into it needs to know where it did.
  else console.error(error)
  return 1
}
