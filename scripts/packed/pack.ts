import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ignoredFolder, pinnedPnpm } from '../repository-root.ts'
import { runCommand } from '../test-run/run-command.ts'
import { publicPackages } from './public-packages.ts'

/** Where the archives of all public packages are put. */
export const archiveFolder = join(ignoredFolder, 'packed')

/** Packs every public package as it would be published; they must have been built. */
export async function packAll(logPath: string): Promise<void> {
  rmSync(archiveFolder, { recursive: true, force: true })
  mkdirSync(archiveFolder, { recursive: true })
  const filters = publicPackages().flatMap(({ name }) => ['--filter', name])
  const words = ['--yes', pinnedPnpm(), '-r', ...filters, 'pack', '--pack-destination', archiveFolder]
  const { exitCode } = await runCommand({ program: 'npx', words }, logPath)
  if (exitCode !== 0) throw new Error('pnpm pack failed')
}
