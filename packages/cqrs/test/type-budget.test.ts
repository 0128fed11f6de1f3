import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

/*
 * What types cost is counted in instantiations, which are the same on every machine, and not in time. Measured with
 * TypeScript 7.0.2 and Zod 4.6.7: 990 for each event type of a contract that a decider, a command handler, a projection
 * and handlers use: 200 for the contract, 450 for the decider, 290 and 270 for projection and handlers.
 */
const BUDGET_PER_TYPE = 1200
/** A type that compares each event with each other grows with the square: doubled, it would cost four times as much. */
const MAX_GROWTH = 1.1

const cqrs = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)
const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eventspine-types-'))
  await mkdir(join(folder, 'node_modules/@eventspine'), { recursive: true })
  await mkdir(join(folder, 'node_modules/@types'))
  for (const [name, target] of [
    ['@eventspine/core', join(cqrs, 'node_modules/@eventspine/core')],
    ['@eventspine/cqrs', cqrs],
    ['@types/node', dirname(require.resolve('@types/node/package.json'))],
    ['zod', join(cqrs, 'node_modules/zod')],
  ] as const)
    await symlink(target, join(folder, 'node_modules', name))
  const options = {
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    skipLibCheck: true,
    noUnusedLocals: false,
  }
  const config = {
    extends: join(cqrs, '../../tsconfig.base.json'),
    compilerOptions: options,
    files: ['contract.ts'],
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** How many types the compiler instantiates for a service with so many event types. */
async function instantiations(types: number): Promise<number> {
  await writeFile(join(folder, 'contract.ts'), program(types))
  // One checker, so that it counts the same each time.
  const args = [compiler, '-p', folder, '--extendedDiagnostics', '--singleThreaded']
  const { stdout } = await promisify(execFile)(process.execPath, args).catch((error: unknown) => {
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : ''
    throw new Error(`the compiler refused the program: ${said}`, { cause: error })
  })
  const count = /^Instantiations:\s+(\d+)$/m.exec(stdout)?.[1]
  if (count === undefined) throw new Error(`the compiler counted nothing: ${stdout}`)
  return Number(count)
}

/** Every third type has two versions, every fifth is deprecated. */
function program(types: number): string {
  const all = Array.from({ length: types }, (_, index) => index)
  const definition = (index: number): string => {
    const schema = `z.object({ cents: z.number(), note: z.string().optional(), own${index}: z.boolean() })`
    const step = `({ own }) => ({ cents: 0, own${index}: own })`
    const versioned =
      index % 3 === 2 ? `versions(z.object({ own: z.boolean() })).next(${schema}, ${step})` : schema
    return index % 5 === 4
      ? `deprecated(${versioned}, { since: '2026-11-21', remark: 'use Event0' })`
      : versioned
  }
  return `
import { defineEvents, deprecated, type EventStore, versions } from '@eventspine/core'
import { commandHandler, decider, projection } from '@eventspine/cqrs'
import { z } from 'zod'

declare const store: EventStore
const contract = defineEvents('many', {
${all.map((index) => `  Event${index}: ${definition(index)},`).join('\n')}
}, { legacy: { Old: 'Event0' } })

const many = decider({
  events: contract,
  initialState: () => 0,
  evolve: (state, event) => {
    switch (event.type) {
${all.map((index) => `      case 'Event${index}': return state + event.data.cents + (event.data.own${index} ? 1 : 0)`).join('\n')}
    }
  },
  decide: (cents: number) => contract.event('Event0', { cents, own0: true }),
})

export const handle = commandHandler(store, many)
export const events = contract.store(store).read('1')
export const totals = projection({
  name: 'totals',
  events: contract,
  initialState: () => 0,
  evolve: {
${all.map((index) => `    Event${index}: (state, { data }) => state + data.cents + (data.own${index} ? 1 : 0),`).join('\n')}
  },
})
export const handlers = contract.handlers({
${all.map((index) => `  Event${index}: ({ data }) => void data.own${index},`).join('\n')}
})
`
}

test('types of a contract of 200 events stay in their budget, and grow no faster than the contract', async () => {
  const none = await instantiations(20)
  const half = await instantiations(100)
  const whole = await instantiations(200)
  const perType = (whole - half) / 100
  expect(perType).toBeGreaterThan(0)
  expect(perType).toBeLessThanOrEqual(BUDGET_PER_TYPE)
  expect(perType / ((half - none) / 80)).toBeLessThanOrEqual(MAX_GROWTH)
}, 300_000)

test('the count is of a program that the compiler accepts', async () => {
  await writeFile(join(folder, 'contract.ts'), `${program(5)}\nexport const wrong: string = 5\n`)
  const args = [compiler, '-p', folder]
  await expect(promisify(execFile)(process.execPath, args)).rejects.toMatchObject({
    stdout: expect.stringContaining("Type 'number' is not assignable to type 'string'") as string,
  })
}, 300_000)
