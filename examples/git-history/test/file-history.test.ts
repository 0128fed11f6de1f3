import { expect, test, vi } from 'vitest'
import { replayFrom } from './replay-from.ts'
import { file, TestRepository } from './test-repository.ts'

// Each starts processes, which may wait for others of the machine.
vi.setConfig({ testTimeout: 30_000 })

test('prints one file’s history, folded live', async () => {
  using repository = new TestRepository()
  const notUtf8 = Buffer.from([0x63, 0x61, 0x66, 0xe9])
  repository.commit('main', [
    {
      message: 'add it',
      date: '1700000000 +0100',
      changes: [
        ['docs/a b.md', file('1')],
        [notUtf8, file('1')],
      ],
    },
    { message: 'another file', changes: [['other', file('1')]] },
    { message: 'change it\u001b[2J', date: '1700100000 +0100', changes: [['docs/a b.md', file('2')]] },
    { message: 'make it run', date: '1700200000 +0100', changes: [['docs/a b.md', file('2', '100755')]] },
    { message: 'both', date: '1700300000 +0100', changes: [['docs/a b.md', file('3')]] },
    { message: 'delete it', date: '1700400000 +0100', changes: [['docs/a b.md', 'deleted']] },
    { message: 'and again', date: '99999999999999 +0100', changes: [['docs/a b.md', file('1')]] },
  ])
  const commits = repository
    .git('rev-list', '--reverse', 'HEAD')
    .split('\n')
    .map((hash) => hash.slice(0, 8))
  const [one, two, three] = ['main~6', 'main~4', 'main~2'].map((at) =>
    repository.git('rev-parse', `${at}:docs/a b.md`),
  )
  const short = (hash = '') => hash.slice(0, 8)
  const { lines, verified, store } = await replayFrom(repository.path, { file: './docs/a b.md' })
  expect(verified).toBe(true)
  expect(lines.slice(-8, -1).map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
    `2023-11-14 | ${commits[0]} | added 100644 ${short(one)} | add it`,
    `2023-11-16 | ${commits[2]} | modified ${short(one)} → ${short(two)} | change it\\x1b[2J`,
    `2023-11-17 | ${commits[3]} | mode 100644 → 100755 | make it run`,
    `2023-11-18 | ${commits[4]} | modified ${short(two)} → ${short(three)} 100755 → 100644 | both`,
    `2023-11-19 | ${commits[5]} | deleted | delete it`,
    `---------- | ${commits[6]} | added 100644 ${short(one)} | and again`,
    `./docs/a b.md: 6 events, now 100644 ${one}`,
  ])
  const escaped = await replayFrom(repository.path, { store, file: 'caf%E9' })
  expect(escaped.lines.at(-2)).toBe(`caf%E9: 1 event, now 100644 ${one}`)
  await expect(replayFrom(repository.path, { store, file: 'docs' })).rejects.toThrow(
    'no file "docs" is in the history',
  )
  await expect(replayFrom(repository.path, { store, file: 'new\nline%' })).rejects.toThrow(
    /no file "new\\nline%"/,
  )
})

test('prints a long history in the order of its events', async () => {
  using repository = new TestRepository()
  const commits = Array.from({ length: 150 }, (_, index) => ({
    message: `change ${index}`,
    changes: [['a', file(`${index}`)]] as const,
  }))
  repository.commit('main', commits)
  const { lines } = await replayFrom(repository.path, { file: 'a' })
  expect(lines.slice(-152, -2).map((line) => line.split('  ').at(-1)?.trim())).toEqual(
    commits.map(({ message }) => message),
  )
})
