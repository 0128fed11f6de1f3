import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@eventspine/servers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parseOptions, UsageError } from '../src/options.ts'
import { runCommand, startCommand } from './command.ts'
import { file, TestRepository } from './test-repository.ts'

// Each starts processes, which may wait for others of the machine.
vi.setConfig({ testTimeout: 30_000 })

let repository: TestRepository
let folder: string

beforeAll(() => {
  repository = new TestRepository()
  repository.commit('main', [{ changes: [['a', file('1')]] }, { changes: [['a', file('2')]] }])
  folder = mkdtempSync(join(tmpdir(), 'git-history-'))
})
afterAll(() => {
  repository[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

describe('the command', () => {
  test('ends with the verdict and exit code 0', async () => {
    const { code, stdout, stderr } = await runCommand([repository.path, '--limit', '1', '--file', 'a'])
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
      new RegExp(
        String.raw`^verified: 1 file at ${repository.git('rev-parse', 'HEAD~1')} \(1 commit, 2 events, \d+ events/s\)$`,
      ),
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test.each<[what: string, words: () => readonly string[], environment: NodeJS.ProcessEnv, message: RegExp]>([
    ['no repository', () => [folder], {}, /^git-history: ".*" is not in a git repository$/],
    ['no folder', () => [join(folder, 'nowhere')], {}, /^git-history: there is no folder ".*nowhere"$/],
    [
      'no git',
      () => [repository.path],
      { PATH: '/nowhere' },
      /^git-history: git is not installed, or not on the PATH$/,
    ],
    [
      'no such file in the history',
      () => [repository.path, '--file', 'b'],
      {},
      /^git-history: no file "b" is in the history$/,
    ],
    [
      'no such adapter',
      () => [repository.path, '--store', 'cassandra://x'],
      {},
      /^git-history: .*"cassandra".* \(INVALID_ARGUMENT\)$/,
    ],
  ])('says in one line that there is %s', async (_what, words, environment, message) => {
    const { code, stderr } = await runCommand(words(), environment)
    expect(stderr.trimEnd()).toMatch(message)
    expect(code).toBe(1)
  })

  test('stops when it is interrupted, and says so', async () => {
    using long = new TestRepository({ bare: true })
    const commits = Array.from({ length: 3000 }, (_, index) => ({
      changes: [['a', file(`${index}`)]] as const,
    }))
    long.commit('main', commits)
    const running = startCommand([long.path])
    await running.printed('streams branch:')
    running.kill('SIGINT')
    const { code, stderr, stdout } = await running.ended
    expect(stderr).toBe('git-history: stopped; run it again to go on\n')
    expect(stdout).not.toContain('verified')
    expect(code).toBe(130)
  })

  test('says in one line that the server is down, without its password', async () => {
    const url = `postgres://someone:geheim@127.0.0.1:${await freePort()}/nowhere`
    const { code, stderr } = await runCommand([repository.path, '--store', url])
    expect(stderr).toMatch(/^git-history: .* \(BACKEND_UNAVAILABLE\)\n$/)
    expect(stderr).not.toContain('geheim')
    expect(code).toBe(1)
  })

  test.each<[what: string, words: readonly string[], message: string]>([
    ['no path', [], 'name a git repository'],
    ['two paths', ['.', '..'], 'one repository at a time, got 2'],
    ['an unknown option', ['.', '--lmit', '3'], "Unknown option '--lmit'"],
    [
      'a limit that is no count',
      ['.', '--limit', '1.5'],
      '--limit must be a count of commits, of at least 1, got "1.5"',
    ],
    ['a limit of nothing', ['.', '--limit=0'], '--limit must be a count of commits, of at least 1, got "0"'],
    ['a negative limit', ['.', '--limit=-1'], '--limit must be a count of commits, of at least 1, got "-1"'],
    ['an empty store', ['.', '--store='], '--store needs a URL'],
    ['an empty file', ['.', '--file='], '--file needs a path'],
  ])('refuses %s', (_what, words, message) => {
    expect(() => parseOptions(words, {})).toThrow(new UsageError(message))
  })

  test('shows how it is called, with exit code 2 where it was called otherwise', async () => {
    const [wrong, asked] = await Promise.all([
      runCommand([repository.path, '--limit', 'x']),
      runCommand(['--help']),
    ])
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toMatch(/^git-history: --limit must be.*\n\nnpm run git-history -- PATH/)
    expect(asked.code).toBe(0)
    expect(asked.stdout).toContain('npm run git-history -- PATH_TO_A_GIT_REPO')
  })

  test('takes the store from its option, the environment, or a folder of the checkout', () => {
    expect(parseOptions(['.', '--store', 'memory:a'], { EVENTSPINE_STORE: 'memory:b' })).toMatchObject({
      store: 'memory:a',
    })
    expect(parseOptions(['.'], { EVENTSPINE_STORE: 'memory:b' })).toMatchObject({ store: 'memory:b' })
    expect(parseOptions(['.'], { EVENTSPINE_STORE: '' })?.store).toMatch(
      /^pglite:\/.*\/\.eventspine\/git-history$/,
    )
  })

  test('finds a repository from where the user stands, not from where npm puts it', () => {
    expect(parseOptions(['sub/folder'], { INIT_CWD: '/home/user' })).toMatchObject({
      repository: '/home/user/sub/folder',
    })
    expect(parseOptions(['/absolute'], { INIT_CWD: '/home/user' })).toMatchObject({ repository: '/absolute' })
  })
})
