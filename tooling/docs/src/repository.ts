import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url))

/** The text of a file of the repository, named from its root. */
export function readText(path: string): string {
  return readFileSync(new URL(path, new URL('../../../', import.meta.url)), 'utf8')
}

/** The documentation: every Markdown file that is in version control or about to be. */
export function markdownFiles(): readonly string[] {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md']
  const paths = execFileSync('git', list, { cwd: repositoryRoot, encoding: 'utf8' }).split('\0')
  return [...new Set(paths)]
    .filter((path) => path !== '' && existsSync(new URL(path, `file://${repositoryRoot}`)))
    .toSorted()
}
