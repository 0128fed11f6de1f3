import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the whole project. */
export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url))

/** Where tools leave what git ignores. */
export const ignoredFolder = join(repositoryRoot, '.eventspine')

/** Such as `pnpm@10.34.9`: pnpm need not be installed, npx brings exactly this one. */
export function pinnedPnpm(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'))
  if (typeof manifest === 'object' && manifest !== null && 'packageManager' in manifest) {
    if (typeof manifest.packageManager === 'string') return manifest.packageManager
  }
  throw new Error('package.json names no packageManager')
}
