import { file, type Path, TestRepository } from './test-repository.ts'

/** Paths that streams cannot be named by as they are, or that look like something else. */
export const oddPaths: readonly Path[] = [
  'README.md',
  'with space.txt',
  ' leading and trailing ',
  "quote\"s and 'these'",
  'new\nline',
  'tab\tand\u0001\u007f\u0085',
  'back\\slash',
  '100%',
  '%41',
  'A',
  '%~not-a-hash',
  '-dash',
  ':colon',
  '$dollar',
  '@at',
  'é composed',
  'e\u0301 composed',
  '日本語/😀.txt',
  Buffer.from([0x63, 0x61, 0x66, 0xe9]),
  'caf%E9',
  Buffer.from([0x63, 0x61, 0x66, 0xef, 0xbf, 0xbd]),
  Buffer.from([0xff, 0x0a, 0xfe]),
  Buffer.from([0xff, 0xff]),
  Buffer.from('\u00ff%FF', 'latin1'),
  `deep/${'folder/'.repeat(40)}one`,
  `deep/${'folder/'.repeat(40)}two`,
  'é'.repeat(126),
]

const somewhere = '1234567890123456789012345678901234567890'
const elsewhere = '0987654321098765432109876543210987654321'

/**
 * A history with everything that git can hold. `main` ends in `files` files: what the last comparison must find,
 * counted by hand in the test.
 */
export function createOddRepository(): TestRepository {
  const repository = new TestRepository()
  repository.commit('main', [
    {
      message: 'add odd paths',
      changes: oddPaths.map((path, index) => [path, file(`content ${index}\n`)] as const),
    },
    {
      message: 'add other kinds',
      changes: [
        ['run.sh', file('#!/bin/sh\n', '100755')],
        ['link', file('README.md', '120000')],
        ['vendor/module', { submodule: somewhere }],
        ['becomes-folder', file('a file\n')],
        ['becomes-file/one', file('one\n')],
        ['becomes-file/two', file('two\n')],
        ['becomes-link', file('README.md')],
        ['vendor/becomes-folder', { submodule: somewhere }],
        ['renamed-before', file('the same\n')],
        ['empty', file('')],
      ],
    },
    { message: 'change the mode alone', changes: [['README.md', file('content 0\n', '100755')]] },
    { message: 'change mode and content', changes: [['run.sh', file('#!/bin/bash\n')]] },
    {
      message: 'change kinds',
      changes: [
        ['becomes-folder', 'deleted'],
        ['becomes-folder/inside', file('a file\n')],
        ['becomes-file/one', 'deleted'],
        ['becomes-file/two', 'deleted'],
        ['becomes-file', file('a file now\n')],
        // The same object, read as a link's target.
        ['becomes-link', file('README.md', '120000')],
        ['vendor/module', { submodule: elsewhere }],
        ['vendor/becomes-folder', 'deleted'],
        ['vendor/becomes-folder/file', file('vendored\n')],
      ],
    },
    {
      message: 'rename',
      changes: [
        ['renamed-before', 'deleted'],
        ['renamed-after', file('the same\n')],
      ],
    },
    { message: 'an empty commit' },
  ])
  const beforeSide = repository.git('rev-parse', 'main~1')
  repository.commit('side', [
    { message: 'on the side', parent: beforeSide, changes: [['side', file('one\n')]] },
    {
      message: 'more on the side',
      changes: [
        ['side', file('two\n')],
        ['gone before the merge', file('x')],
      ],
    },
    {
      message: 'and less',
      changes: [
        ['gone before the merge', 'deleted'],
        ['empty', 'deleted'],
      ],
    },
  ])
  repository.commit('main', [
    {
      message: 'merge the side',
      merges: ['refs/heads/side'],
      changes: [
        ['side', file('two\n')],
        ['empty', 'deleted'],
        ['only in the merge', file('evil\n')],
      ],
    },
    {
      message: 'add again what was deleted',
      changes: [
        ['empty', file('')],
        ['becomes-file', file('again\n')],
      ],
    },
    {
      message: Buffer.from('subject \u001b[31mred\u001b[0m, latin \xe9', 'latin1'),
      author: '<>',
      date: '0 +0000',
    },
    { message: '', date: `${2 ** 40} -0730`, changes: [['far future', file('!\n')]] },
    { message: `long ${'subject '.repeat(400)}\u{1F600}`, changes: [['README.md', 'deleted']] },
  ])
  return repository
}
