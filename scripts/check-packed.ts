import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackedInstall } from './packed/check-packed-install.ts'
import { supportedNodes } from './packed/node-versions.ts'
import { packAll } from './packed/pack.ts'
import { ignoredFolder } from './repository-root.ts'

const logs = join(ignoredFolder, 'logs')
mkdirSync(logs, { recursive: true })
const logPathOf = (name: string): string => join(logs, `check-packed-${name}.log`)
for (const name of ['pack', ...supportedNodes]) rmSync(logPathOf(name), { force: true })

await packAll(logPathOf('pack'))
const findings = await checkPackedInstall(logPathOf)
for (const { check, problem } of findings) {
  process.stdout.write(problem === undefined ? `ok    ${check}\n` : `FAIL  ${check}\n${problem}\n`)
}
process.exitCode = findings.some(({ problem }) => problem !== undefined) ? 1 : 0
