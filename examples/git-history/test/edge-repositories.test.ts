import { afterEach, expect, test, vi } from 'vitest'
import { file, TestRepository } from './test-repository.ts'
import { replayFrom, streamsIn, withoutRate } from './replay-from.ts'
import { typesOf } from './recorded-streams.ts'

// Each starts processes, which may wait for others of the machine.
vi.setConfig({ testTimeout: 30_000 })

const empty = 'which has no commit yet (0 commits, 0 events, 0 events/s)'

afterEach(() => vi.unstubAllEnvs())

test('a repository without a commit is verified as it is', async () => {
  using repository = new TestRepository({ branch: 'trunk' })
  expect(await replayFrom(repository.path)).toMatchObject({
    verified: true,
    last: `verified: 0 files at trunk, ${empty}`,
  })
})

test('a HEAD that names a branch without a commit is taken for an empty repository', async () => {
  using repository = new TestRepository()
  repository.commit('other', [{ changes: [['a', file('1')]] }])
  expect(await replayFrom(repository.path)).toMatchObject({
    verified: true,
    last: `verified: 0 files at main, ${empty}`,
  })
})

test('a tree that became empty is verified', async () => {
  using repository = new TestRepository()
  const head = repository.commit('main', [{ changes: [['a', file('1')]] }, { changes: [['a', 'deleted']] }])
  const { verified, last } = await replayFrom(repository.path)
  expect(verified).toBe(true)
  expect(withoutRate(last)).toBe(`verified: 0 files at ${head} (2 commits, 4 events, R events/s)`)
})

test('a shallow clone starts at the oldest commit that it has, in streams of its own', async () => {
  using repository = new TestRepository()
  const changes = (content: string) =>
    [
      ['a', file(content)],
      [`only ${content}`, file('')],
    ] as const
  const head = repository.commit('main', [
    { changes: changes('1') },
    { changes: changes('2') },
    { changes: changes('3') },
  ])
  repository.git('clone', '--quiet', '--depth=2', `file://${repository.path}`, repository.beside('shallow'))
  const { verified, last, lines, store } = await replayFrom(repository.beside('shallow'))
  expect(verified).toBe(true)
  // The oldest one is a root here: it adds all that was there by then.
  expect(withoutRate(last)).toBe(`verified: 4 files at ${head} (2 commits, 7 events, R events/s)`)
  expect(lines[0]).toContain(
    `a shallow clone that starts at ${repository.git('rev-parse', 'HEAD~1').slice(0, 12)}`,
  )
  expect(await replayFrom(repository.path, { store })).toMatchObject({ verified: true })
})

test('a repository of SHA-256 objects has ids of that length', async () => {
  using repository = new TestRepository({ objectFormat: 'sha256', bare: true })
  const head = repository.commit('main', [{ changes: [['a', file('1')]] }, { changes: [['a', file('2')]] }])
  const { verified, last, store } = await replayFrom(repository.path)
  expect(head).toMatch(/^[0-9a-f]{64}$/)
  expect(verified).toBe(true)
  expect(withoutRate(last)).toBe(`verified: 1 file at ${head} (2 commits, 4 events, R events/s)`)
  const events = Array.from((await streamsIn(store)).values()).flat()
  expect(events.filter(({ type }) => type === 'FileModified')).toMatchObject([
    { data: { blob: repository.git('rev-parse', 'HEAD:a') } },
  ])
})

test('a detached HEAD is a branch of that name', async () => {
  using repository = new TestRepository()
  repository.commit('main', [{ changes: [['a', file('1')]] }, { changes: [['a', file('2')]] }])
  repository.git('checkout', '--quiet', '--detach', 'main~1')
  const { verified, store } = await replayFrom(repository.path)
  expect(verified).toBe(true)
  const root = repository.git('rev-parse', 'main~1').slice(0, 12)
  expect(typesOf(await streamsIn(store))).toEqual({
    [`branch:HEAD@${root}`]: ['CommitApplied'],
    [`file:HEAD@${root}/a`]: ['FileAdded'],
  })
})

test('a linked work tree has the history of its own HEAD', async () => {
  using repository = new TestRepository()
  repository.commit('main', [{ changes: [['a', file('1')]] }])
  repository.git('worktree', 'add', '--quiet', '-b', 'linked', repository.beside('linked'))
  const head = repository.commit('linked', [{ changes: [['b', file('2')]] }])
  const { last } = await replayFrom(repository.beside('linked'))
  expect(withoutRate(last)).toBe(`verified: 2 files at ${head} (2 commits, 4 events, R events/s)`)
})

test('the variables that git sets for hooks lead to no other repository', async () => {
  using repository = new TestRepository()
  using other = new TestRepository()
  const head = repository.commit('main', [{ changes: [['a', file('1')]] }])
  other.commit('main', [{ changes: [['b', file('1')]] }])
  vi.stubEnv('GIT_DIR', `${other.path}/.git`)
  vi.stubEnv('GIT_WORK_TREE', other.path)
  expect((await replayFrom(repository.path)).last).toContain(head)
})

test('replacements and grafts of a user do not change what happened', async () => {
  using repository = new TestRepository()
  const head = repository.commit('main', [{ changes: [['a', file('1')]] }, { changes: [['b', file('2')]] }])
  const other = repository.commit('other', [{ changes: [['c', file('3')]] }])
  repository.git('replace', head, other)
  const { last } = await replayFrom(repository.path)
  expect(withoutRate(last)).toBe(`verified: 2 files at ${head} (2 commits, 4 events, R events/s)`)
})

test('signatures are not shown, though the user wants to see them', async () => {
  using repository = new TestRepository()
  repository.commit('main', [{ changes: [['a', file('1')]] }])
  const tree = repository.git('rev-parse', 'HEAD^{tree}')
  const signature = 'gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ\n -----END PGP SIGNATURE-----\n'
  const people = 'author A <a@example.org> 1700000000 +0000\ncommitter A <a@example.org> 1700000000 +0000\n'
  const head = repository.write('commit', `tree ${tree}\n${people}${signature}\nsigned\n`)
  repository.git('update-ref', 'refs/heads/main', head)
  repository.git('config', 'log.showSignature', 'true')
  vi.stubEnv('GNUPGHOME', repository.path)
  const { last } = await replayFrom(repository.path)
  expect(withoutRate(last)).toBe(`verified: 1 file at ${head} (1 commit, 2 events, R events/s)`)
})

test('many files in one commit, more than one atomic commit takes, are all there', async () => {
  using repository = new TestRepository()
  const changes = Array.from(
    { length: 12_345 },
    (_, index) => [`folder ${index % 100}/${index}`, file(`${index % 7}`)] as const,
  )
  const head = repository.commit('main', [
    { changes },
    { changes: changes.slice(0, 5000).map(([path]) => [path, 'deleted'] as const) },
  ])
  const { last } = await replayFrom(repository.path)
  expect(withoutRate(last)).toBe(`verified: 7345 files at ${head} (2 commits, 17347 events, R events/s)`)
})
