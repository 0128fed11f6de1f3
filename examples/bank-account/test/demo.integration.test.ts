import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, serverUrl, type TestBackend, testBackends } from '@eventspine/servers'
import { afterEach, describe, expect, test } from 'vitest'
import { type DemoRun, runDemo } from './run-demo.ts'

const TWO_RUNS_MS = 200_000

const cleanUps: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'eventspine-bank-'))
  cleanUps.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A store of one's own, empty. */
async function emptyStore(backend: TestBackend): Promise<string> {
  if (backend === 'memory') return 'memory:'
  if (backend === 'pglite') return `pglite:${join(await temporaryFolder(), 'bank')}`
  const database = await createDatabase(await serverUrl('postgres'))
  cleanUps.push(() => database.drop())
  return database.url
}

/** The lines of a section, without what differs from run to run. */
function section({ output }: DemoRun, title: string): readonly string[] {
  const [, text = ''] = output.split(`\n${title}\n`)
  return (text.split('\n\n')[0] ?? '').split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '))
}

function expectSuccess(run: DemoRun): void {
  expect(run.errors).toBe('')
  expect(run.exitCode).toBe(0)
}

/** Whichever teller was faster: the other was refused once, tried again and won. */
function expectRace(run: DemoRun, version: number): void {
  const lines = section(run, 'Two tellers race for one account')
  expect(lines).toHaveLength(4)
  expect(lines[1]).toMatch(
    new RegExp(String.raw`^✓ teller [AB] withdraw \d+\.00 wins: balance .*, version ${version + 1}$`),
  )
  expect(lines[2]).toMatch(
    new RegExp(
      String.raw`^✗ teller [AB] withdraw .* VERSION_CONFLICT: .* is at version ${version + 1}, expected ${version}$`,
    ),
  )
  expect(lines[3]).toMatch(
    new RegExp(String.raw`^✓ teller [AB] .* reads again, decides again, wins: .*, version ${version + 2}$`),
  )
  expect(lines[1]?.slice(0, 10)).not.toBe(lines[3]?.slice(0, 10))
}

function expectFirstRun(run: DemoRun): void {
  expectSuccess(run)
  expect(section(run, 'What is there')).toEqual(['nothing yet'])
  expect(section(run, 'Opening accounts')).toEqual([
    '✓ ada open for Ada Lovelace balance 0.00, version 1',
    '✓ grace open for Grace Hopper balance 0.00, version 1',
    '✗ ada open for Somebody Else ACCOUNT_ALREADY_OPENED: an account is opened once',
  ])
  expect(section(run, 'Deposits').at(-1)).toBe(
    '✓ ada deposit 25.50 the same command again, one effect: balance 125.50, version 3',
  )
  expect(section(run, 'Refused, each for its reason, with nothing written')).toEqual([
    '✗ ada withdraw 126.50 INSUFFICIENT_FUNDS: the balance is 125.50',
    '✗ ada deposit -5.00 AMOUNT_NOT_POSITIVE: an amount must be more than nothing',
    '✗ ada withdraw 0.00 AMOUNT_NOT_POSITIVE: an amount must be more than nothing',
    '✗ ada deposit 0.005 AMOUNT_NOT_WHOLE_CENTS: there are no fractions of a cent',
    '✗ nobody deposit 1.00 ACCOUNT_NOT_FOUND: there is no such account',
  ])
  expect(section(run, 'A piggy bank, from opening to closing')).toEqual([
    '✓ piggy-bank-1 open for Ada Lovelace balance 0.00, version 1',
    '✓ piggy-bank-1 deposit 10.00 balance 10.00, version 2',
    '✗ piggy-bank-1 close ACCOUNT_NOT_EMPTY: there are 10.00 on it',
    '✓ piggy-bank-1 withdraw 10.00 balance 0.00, version 3',
    '✓ piggy-bank-1 close closed, version 4',
    '✗ piggy-bank-1 deposit 10.00 ACCOUNT_CLOSED: the account is closed',
  ])
  expectRace(run, 3)
  expect(section(run, 'Transfers, by a process')).toEqual([
    '✓ ada transfer 15.00 to grace: balance 40.50, version 6',
    '✗ ada transfer 5.00 ACCOUNT_CLOSED: to piggy-bank-1: the account is closed; balance 40.50, version 8',
    '✗ grace transfer 9,000.00 INSUFFICIENT_FUNDS: to ada: the balance is 75.00; balance 75.00, version 3',
  ])
  const [progress, ...lines] = section(run, 'The balances read model catches up')
  expect(progress).toMatch(/^balances@1 went on from the beginning: 15 events to handle, done in \d+ ms$/)
  expect(lines).toEqual([
    'ada Ada Lovelace 40.50 after 7 bookings',
    'grace Grace Hopper 75.00 after 2 bookings',
    'and 1 closed account',
  ])
  const statement = section(run, 'The statement of ada, folded live')
  expect(statement[0]).toBe('1 opened for Ada Lovelace 0.00')
  expect(statement[4]).toMatch(/^5 withdrawal -[34]0\.00 55\.50$/)
  expect(statement.slice(5, 8)).toEqual([
    '6 withdrawal -15.00 40.50',
    '7 withdrawal -5.00 35.50',
    '8 deposit +5.00 40.50',
  ])
  expect(statement[8]).toBe('as it was after its first deposit: balance 100.00, version 2')
}

function expectSecondRun(run: DemoRun): void {
  expectSuccess(run)
  expect(section(run, 'What is there')).toEqual([
    'ada: balance 40.50, version 8',
    'grace: balance 75.00, version 3',
    'carrying on with 3 accounts',
  ])
  expect(section(run, 'Opening accounts')).toEqual([
    '✗ ada open for Somebody Else ACCOUNT_ALREADY_OPENED: an account is opened once',
  ])
  expect(section(run, 'A piggy bank, from opening to closing')[0]).toContain('✓ piggy-bank-2 open')
  expectRace(run, 10)
  expect(section(run, 'Transfers, by a process').slice(0, 2)).toEqual([
    '✓ ada transfer 15.00 to grace: balance 81.00, version 13',
    '✗ ada transfer 5.00 ACCOUNT_CLOSED: to piggy-bank-2: the account is closed; balance 81.00, version 15',
  ])
  const [progress, ...lines] = section(run, 'The balances read model catches up')
  expect(progress).toMatch(/^balances@1 went on from its checkpoint: 13 events to handle, done in \d+ ms$/)
  expect(lines).toEqual([
    'ada Ada Lovelace 81.00 after 14 bookings',
    'grace Grace Hopper 150.00 after 4 bookings',
    'and 2 closed accounts',
  ])
  expect(section(run, 'The statement of ada, folded live')[0]).toBe('… 7 earlier')
}

describe.each(testBackends())('the demo on %s', (backend) => {
  test(
    'tells its story, and carries on from what it stored when it runs again',
    async () => {
      const store = await emptyStore(backend)
      expectFirstRun(await runDemo(store))
      const again = await runDemo(store)
      if (backend === 'memory') expectFirstRun(again)
      else expectSecondRun(again)
    },
    TWO_RUNS_MS,
  )
})

test('the README shows what the demo prints in memory', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const shown = /^```text\n(.*?)^```$/ms.exec(readme)?.[1]
  const { output } = await runDemo('memory:')
  expect(shown).toBe(output.replace(/done in \d+ ms/, 'done in 8 ms'))
})

/** Runs into a store that cannot be opened: one line of explanation, and nothing done. */
async function explanationFor(store: string): Promise<string> {
  const { exitCode, output, errors } = await runDemo(store)
  expect(exitCode).toBe(1)
  expect(output.trim().split('\n')).toHaveLength(1)
  expect(errors).toMatch(/^demo: [^\n]* \([A-Z_]+\): [^\n]*EVENTSPINE_STORE[^\n]*\n$/)
  expect(output + errors).not.toContain('secret')
  return errors
}

describe('the demo explains in one line', () => {
  test('that no backend has the scheme', async () => {
    expect(await explanationFor('mongodb://ada:secret@127.0.0.1/bank')).toContain('"mongodb"')
    expect(await explanationFor('just-words')).toContain('INVALID_ARGUMENT')
  })

  test('that the server is down', async () => {
    // Nothing listens on port 1.
    expect(await explanationFor('postgres://ada:secret@127.0.0.1:1/bank')).toContain('BACKEND_UNAVAILABLE')
  })

  test('that what is there is no database', async () => {
    const file = join(await temporaryFolder(), 'letter.txt')
    await writeFile(file, 'Dear Ada')
    expect(await explanationFor(`pglite:${file}`)).toContain('name another folder')
  })
})

describe.each(testBackends().filter((backend) => backend === 'postgres'))('the demo explains on %s', () => {
  test('that the database does not exist, and that the password is wrong', async () => {
    const url = new URL(await emptyStore('postgres'))
    const missing = new URL(url)
    missing.pathname = '/no-such-database'
    expect(await explanationFor(missing.href)).toContain('STORE_MISSING')
    url.password = 'wrong-secret'
    expect(await explanationFor(url.href)).toContain('ACCESS_DENIED')
  })
})
