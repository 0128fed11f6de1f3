import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ignoredFolder } from '../repository-root.ts'
import { runCommand } from '../test-run/run-command.ts'

/** The oldest Node that the packages promise to work on, and the newest of each later line. */
export const supportedNodes = ['20.19.0', '22', '24', '26'] as const

/**
 * The `node` program of that version. It is fetched once: the npm packages that hold the program for one system each
 * need no post-install script, unlike the package `node`, which only chooses among them.
 */
export async function nodeProgram(version: string, logPath: string): Promise<string> {
  const folder = join(ignoredFolder, 'node', version)
  const packageName = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const program = join(
    folder,
    'node_modules',
    packageName,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const flags = ['--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', '--no-save']
  const words = ['install', ...flags, `${packageName}@${version}`]
  const { exitCode } = await runCommand({ program: 'npm', words }, logPath)
  if (exitCode !== 0 || !existsSync(program))
    throw new Error(`Node ${version} could not be fetched (${packageName})`)
  return program
}
