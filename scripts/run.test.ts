import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { repositoryRoot } from './repository-root.ts'

interface Ending {
  readonly code: number | null
  readonly stderr: string
}

async function run(nodeFlags: readonly string[], words: readonly string[]): Promise<Ending> {
  const program = join(repositoryRoot, 'scripts', 'run.mjs')
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [...nodeFlags, program, ...words], (_error, _stdout, stderr) => {
      resolve({ code: child.exitCode, stderr })
    })
  })
}

function pretendToBe(version: string): readonly string[] {
  const source = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`
  return ['--import', `data:text/javascript,${encodeURIComponent(source)}`]
}

describe('the entry of the root commands', () => {
  it('names the commands when it does not know one', async () => {
    for (const words of [['launch'], [], ['toString']]) {
      const { code, stderr } = await run([], words)
      expect(code).toBe(1)
      expect(stderr).toContain(
        `no command is called "${words[0] ?? ''}"; known: test, test:clusters, demo, git-history, order-flow, photo-shop, servers`,
      )
    }
  })

  it.for(['18.20.8', '20.18.3'])('says which Node it needs on Node %s', async (version) => {
    const { code, stderr } = await run(pretendToBe(version), ['launch'])
    expect(code).toBe(1)
    expect(stderr).toContain(`Eventspine needs Node 20.19 or later; this is ${version}`)
  })

  it.for(['20.19.0', '21.0.0', '26.1.0'])('goes on with Node %s', async (version) => {
    expect((await run(pretendToBe(version), ['launch'])).stderr).toContain('no command is called')
  })
})
