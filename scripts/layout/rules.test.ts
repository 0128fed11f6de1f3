import { describe, expect, it } from 'vitest'
import { findProblems } from './rules.ts'
import type { PackageManifest } from './workspace.ts'

const entry = {
  '@eventspine/source': './src/index.ts',
  types: './dist/index.d.ts',
  default: './dist/index.js',
}

function manifestOf(shortName: string, changes: PackageManifest = {}): string {
  return JSON.stringify({
    name: `@eventspine/${shortName}`,
    version: '0.0.0',
    description: 'one part',
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
    files: ['dist', 'src'],
    exports: { '.': entry, './package.json': './package.json' },
    ...(shortName === 'core' ? {} : { dependencies: { '@eventspine/core': 'workspace:^' } }),
    ...changes,
  })
}

function packageFiles(shortName: string): Record<string, string> {
  const folder = `packages/${shortName}`
  return {
    [`${folder}/package.json`]: manifestOf(shortName),
    [`${folder}/README.md`]: 'what it is\n',
    [`${folder}/tsconfig.json`]: '{}\n',
    [`${folder}/tsconfig.build.json`]: '{}\n',
    [`${folder}/src/index.ts`]: "export { one } from './one.ts'\n",
    [`${folder}/src/one.ts`]: 'export const one = 1\n',
  }
}

const sound: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ devDependencies: { vitest: 'catalog:' } }),
  ...packageFiles('core'),
  ...packageFiles('memory'),
  ...packageFiles('postgres'),
  'packages/postgres/package.json': manifestOf('postgres', {
    dependencies: { '@eventspine/core': 'workspace:^' },
    peerDependencies: { pg: '^8.11.0' },
    devDependencies: { pg: 'catalog:', '@eventspine/memory': 'workspace:^' },
  }),
  'packages/postgres/src/store.ts': [
    "import { createBackend } from '@eventspine/core'",
    "import { readFile } from 'node:fs/promises'",
    "import { Pool } from 'pg'",
    "export const driver = () => import('pg')",
  ].join('\n'),
  'packages/postgres/test/store.test.ts': [
    "import { it } from 'vitest'",
    "import { memory } from '@eventspine/memory'",
    "import { one } from '../src/one.ts'",
    "it('works', () => {})",
  ].join('\n'),
}

/** What the rules say of the sound project with these changes. */
function problemsWith(changes: Readonly<Record<string, string | undefined>>): readonly string[] {
  const files = new Map(Object.entries(sound))
  for (const [path, text] of Object.entries(changes)) {
    if (text === undefined) files.delete(path)
    else files.set(path, text)
  }
  const problems = findProblems({ files, forbiddenWords: ['registry.of.this.machine'] })
  return problems.map(({ rule, path, message }) => `${rule} ${path}: ${message}`)
}

describe('the layout rules', () => {
  it('find nothing wrong with a sound project', () => {
    expect(problemsWith({})).toEqual([])
  })

  it.for([
    ['static', "import { memory } from '@eventspine/memory'"],
    ['type-only', "import type { Memory } from '@eventspine/memory'"],
    ['dynamic', "export const load = () => import('@eventspine/memory')"],
    ['re-exported', "export { memory } from '@eventspine/memory/part'"],
  ] as const)('find an adapter that builds on another by a %s import', ([, source]) => {
    expect(problemsWith({ 'packages/postgres/src/store.ts': source })).toContainEqual(
      expect.stringContaining('arrows packages/postgres/src/store.ts: imports @eventspine/memory'),
    )
  })

  it('find a core that builds on an adapter', () => {
    expect(problemsWith({ 'packages/core/src/one.ts': "import '@eventspine/memory'" })).toContainEqual(
      expect.stringContaining('arrows packages/core/src/one.ts'),
    )
  })

  it('find an import across the border of a package', () => {
    expect(problemsWith({ 'packages/postgres/test/a.test.ts': "import '../../core/src/one.ts'" })).toEqual([
      expect.stringContaining('package-borders packages/postgres/test/a.test.ts'),
    ])
  })

  it('let a test take the entry of another package by its path, and source not', () => {
    const source = "import '../../memory/src/index.ts'"
    expect(problemsWith({ 'packages/core/test/a.test.ts': source })).toEqual([])
    expect(problemsWith({ 'packages/core/src/one.ts': source })).toEqual([
      expect.stringContaining('package-borders packages/core/src/one.ts'),
    ])
  })

  it('find an import that is not declared, in source and in tests', () => {
    expect(problemsWith({ 'packages/memory/src/one.ts': "import 'left-pad'" })).toEqual([
      expect.stringContaining('declared-dependencies packages/memory/src/one.ts: imports left-pad'),
    ])
    expect(problemsWith({ 'packages/memory/test/a.test.ts': "import 'left-pad/deep'" })).toEqual([
      expect.stringContaining('declared-dependencies packages/memory/test/a.test.ts: imports left-pad'),
    ])
  })

  it('find source that needs what only tests are given', () => {
    expect(problemsWith({ 'packages/memory/src/one.ts': "import 'vitest'" })).toEqual([
      expect.stringContaining('imports vitest, which is not in dependencies or peerDependencies'),
    ])
  })

  it.for(['README.md', 'tsconfig.build.json'])('find a package without %s', (name) => {
    expect(problemsWith({ [`packages/core/${name}`]: undefined })).toEqual([
      `packages packages/core/${name}: is missing`,
    ])
  })

  it('find an entry that exports whatever another file exports', () => {
    expect(problemsWith({ 'packages/core/src/index.ts': "export * from './one.ts'" })).toEqual([
      expect.stringContaining('without export *'),
    ])
    expect(problemsWith({ 'packages/core/src/index.ts': "export * as all from './one.ts'" })).toEqual([])
  })

  it.for<[string, PackageManifest]>([
    ['name is', { name: '@eventspine/other' }],
    ['type is', { type: 'commonjs' }],
    ['sideEffects is', { sideEffects: true }],
    ['license is', { license: 'ISC' }],
    ['engines.node is', { engines: { node: '>=18' } }],
    ['version is missing', { version: '' }],
    ['description is missing', { description: '' }],
    ['files does not hold src', { files: ['dist'] }],
    ['exports["./package.json"] is', { exports: { '.': entry } }],
    [
      'exports["."] has conditions',
      { exports: { '.': './dist/index.js', './package.json': './package.json' } },
    ],
    [
      'exports["."] has conditions',
      { exports: { '.': { types: '', default: '' }, './package.json': './package.json' } },
    ],
    ['@eventspine/memory is "^1.0.0"', { dependencies: { '@eventspine/memory': '^1.0.0' } }],
    ['@eventspine/memory is a peer', { peerDependencies: { '@eventspine/memory': 'workspace:^' } }],
    ['peer redis is no devDependency', { peerDependencies: { redis: '^5.0.0' } }],
  ])('find a package.json in which %s wrong', ([message, changes]) => {
    expect(problemsWith({ 'packages/core/package.json': manifestOf('core', changes) })).toContainEqual(
      expect.stringContaining(`packages packages/core/package.json: ${message}`),
    )
  })

  it('do not ask of a private package what only users need', () => {
    expect(problemsWith({ 'tooling/servers/package.json': '{ "private": true }' })).toEqual([])
  })

  it('find a file of more than 400 lines', () => {
    expect(problemsWith({ 'packages/core/src/one.ts': 'x\n'.repeat(400) })).toEqual([])
    expect(problemsWith({ 'packages/core/src/one.ts': 'x\n'.repeat(401) })).toEqual([
      expect.stringContaining('file-size packages/core/src/one.ts: has 401 lines'),
    ])
  })

  it.for([
    'utils.ts',
    'helpers/a.ts',
    'common.ts',
    'misc.ts',
    'types.ts',
    'lib/a.ts',
    'camelCase.ts',
    'Under_score.ts',
  ])('find a file called %s', (name) => {
    expect(problemsWith({ [`packages/core/src/${name}`]: '' })).toEqual([
      expect.stringContaining(`file-names packages/core/src/${name}`),
    ])
  })

  it.for([
    'packages/core/src/one.spec.ts',
    'docs/one.test.ts',
    'one.test.ts',
    'packages/core/test/one.test.mjs',
  ])('find the test file %s, which would never run', (path) => {
    expect(problemsWith({ [path]: '' })).toEqual([expect.stringContaining(`tests-are-found ${path}`)])
  })

  it.for([
    "it.only('a', () => {})",
    "it.concurrent.skip('a', () => {})",
    "test.todo('a')",
    "describe.skipIf(process.env.CI)('a', () => {})",
    "describe.runIf(true)('a', () => {})",
    'it.for([1]).only',
  ])('find a test that is left out by %s', (source) => {
    const problems = problemsWith({ 'packages/core/test/a.integration.test.ts': source })
    if (source.startsWith('it.for')) expect(problems).toEqual([])
    else
      expect(problems).toEqual([
        expect.stringContaining('all-tests-run packages/core/test/a.integration.test.ts'),
      ])
  })

  it.for([
    ['root', 'x'],
    ['home', 'jo', 'y'],
    ['Users', 'jo'],
    ['work', 'main'],
    ['tmp', 'a'],
  ])('find the absolute path /%s', (parts) => {
    const path = `/${parts.join('/')}`
    expect(problemsWith({ 'docs/a.md': `see\n${path}\n` })).toEqual([
      expect.stringContaining(`no-machine docs/a.md:2: names "/${parts.slice(0, 2).join('/')}`),
    ])
  })

  it('find the registry of this machine, in the lockfile too', () => {
    const line = '{tarball: https://registry.of.this.machine/pg.tgz}'
    expect(problemsWith({ 'pnpm-lock.yaml': line })).toEqual([
      expect.stringContaining('no-machine pnpm-lock.yaml:1'),
    ])
  })

  it('let relative paths, URLs and loopback addresses be', () => {
    const text =
      '/home/user/a docs/tmp/a ./home/a https://example.com/home/a http://127.0.0.1:80/work ${root}/work/a'
    expect(problemsWith({ 'docs/a.md': text })).toEqual([])
  })
})
