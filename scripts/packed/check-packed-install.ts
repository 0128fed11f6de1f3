import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runCommand, type CommandResult } from '../test-run/run-command.ts'
import { nodeProgram, supportedNodes } from './node-versions.ts'
import { archiveFolder } from './pack.ts'
import { archiveName, publicPackages, type PublicPackage } from './public-packages.ts'

/** What one package did on one Node. */
export interface PackedFinding {
  readonly check: string
  /** `undefined` when it worked. */
  readonly problem: string | undefined
}

/**
 * Installs the archives of all public packages with plain npm into an empty project outside the repository, once for
 * each supported Node and by that Node, and uses them there: each entry point by `import` and by `require`, and
 * `test/packed.mjs` of the package where it has one, a script that ends well when the package works.
 */
export async function checkPackedInstall(
  logPathOf: (node: string) => string,
): Promise<readonly PackedFinding[]> {
  const packages = publicPackages()
  const findings: PackedFinding[] = []
  // Two at a time: each is an npm with its downloads, then short programs.
  const waiting = [...supportedNodes]
  const work = async (): Promise<void> => {
    for (let version = waiting.shift(); version !== undefined; version = waiting.shift()) {
      findings.push(...(await checkOnNode(version, packages, logPathOf(version))))
    }
  }
  await Promise.all([work(), work()])
  return findings
}

async function checkOnNode(
  version: string,
  packages: readonly PublicPackage[],
  logPath: string,
): Promise<readonly PackedFinding[]> {
  // Outside the repository, whose node_modules would hide what a package forgot to declare.
  const project = mkdtempSync(join(realpathSync(tmpdir()), 'eventspine-packed-'))
  try {
    const node = await nodeProgram(version, logPath)
    const installed = await install(project, node, packages, logPath)
    if (installed.exitCode !== 0) return [{ check: `install on ${version}`, problem: essence(installed) }]
    const findings: PackedFinding[] = [{ check: `install on ${version}`, problem: undefined }]
    for (const one of packages) {
      for (const [check, file] of programsOf(one, project)) {
        const result = await runCommand({ program: node, words: [file] }, logPath)
        const problem = result.exitCode === 0 ? undefined : essence(result)
        findings.push({ check: `${check} on ${version}`, problem })
      }
    }
    return findings
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}

async function install(
  project: string,
  node: string,
  packages: readonly PublicPackage[],
  logPath: string,
): Promise<CommandResult> {
  const peers = Object.assign({}, ...packages.map(({ peerDependencies }) => peerDependencies)) as object
  const own = packages.map((one) => [one.name, `file:${join(archiveFolder, archiveName(one))}`])
  const manifest = { private: true, dependencies: { ...peers, ...Object.fromEntries(own) } }
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest, undefined, 2))
  // npm's program, run by the Node under test, so that npm compares every `engines` line with that Node.
  const words = [npmProgram(), 'install', '--prefix', project, '--no-audit', '--no-fund', '--engine-strict']
  const path = `${dirname(node)}:${process.env['PATH'] ?? ''}`
  return await runCommand({ program: node, words, environment: { PATH: path } }, logPath)
}

function npmProgram(): string {
  const program = process.env['npm_execpath']
  if (program?.endsWith('npm-cli.js')) return program
  const beside = join(
    dirname(realpathSync(process.execPath)),
    '..',
    'lib',
    'node_modules',
    'npm',
    'bin',
    'npm-cli.js',
  )
  if (existsSync(beside)) return beside
  throw new Error('npm is not where Node brings it; run this check by npm run check:packed')
}

/** Written into the project, since what a file may import depends on where it lies. */
function programsOf(one: PublicPackage, project: string): readonly (readonly [string, string])[] {
  const programs: (readonly [string, string])[] = []
  const write = (name: string, source: string): string => {
    const file = join(project, 'use', `${one.shortName}-${name}`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, source)
    return file
  }
  one.entryPoints.forEach((entryPoint, index) => {
    const specifier = JSON.stringify(join(one.name, entryPoint))
    const check = 'if (Object.keys(used).length === 0) throw new Error("it exports nothing")'
    programs.push(
      [`import ${specifier}`, write(`${index}.mjs`, `import * as used from ${specifier}\n${check}\n`)],
      [`require ${specifier}`, write(`${index}.cjs`, `const used = require(${specifier})\n${check}\n`)],
    )
  })
  const own = join(one.folder, 'test', 'packed.mjs')
  if (existsSync(own)) {
    const file = join(project, 'use', `${one.shortName}-packed.mjs`)
    mkdirSync(dirname(file), { recursive: true })
    cpSync(own, file)
    programs.push([`packed.mjs of ${one.name}`, file])
  }
  return programs
}

/** A thrown error's message stands above its stack, so that is shown rather than the end. */
function essence({ output, exitCode }: CommandResult): string {
  const lines = output.trim().split('\n')
  const thrown = lines.findIndex((line) => /^\w*Error\b|^npm error/.test(line))
  const shown = (thrown < 0 ? lines.slice(-8) : lines.slice(thrown, thrown + 8)).join('\n')
  return shown === '' ? `exit code ${exitCode ?? 'none: ended by a signal'}` : shown
}
