import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ServerStartError } from '../server-start-error.ts'
import { cachedFolder } from './cached-folder.ts'
import { javaCompiler } from './java-program.ts'

/**
 * The class path of one Java file of ours and the jars that it uses: compiled once and kept between runs. Started from
 * its source instead, each start of the server would take the compiler's second too.
 *
 * @throws {@link ServerStartError} there is no compiler, or it refuses the file.
 */
export async function compiledClassPath(server: string, source: URL, jars: string): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
  const classPath = join(jars, '*')
  const classes = await cachedFolder(`${basename(jars)}-classes-${hash.slice(0, 12)}`, async ({ result }) => {
    const compiler = await javaCompiler(server)
    const words = ['--release', '17', '-d', result, '-cp', classPath, fileURLToPath(source)]
    await promisify(execFile)(compiler, words).catch((cause: unknown) => {
      const text = cause instanceof Error ? cause.message : String(cause)
      throw new ServerStartError(
        server,
        `its launcher was not compiled: ${text.slice(0, 600)}`,
        'see that javac is of version 17 or later',
        { cause },
      )
    })
  })
  return `${classPath}${delimiter}${classes}`
}
