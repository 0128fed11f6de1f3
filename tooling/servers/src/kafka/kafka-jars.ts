import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cacheDirectory } from '../eventspine-directory.ts'
import { withExclusiveLock } from '../exclusive-lock.ts'
import { ServerStartError } from '../server-start-error.ts'
import { systemProgram } from '../system-program.ts'

const fetchDeadlineMs = 600_000
const pom = fileURLToPath(new URL('pom.xml', import.meta.url))
// Pinned as the jars are; -C below makes a wrong checksum an error.
const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

/**
 * The class path of the jars that `pom.xml` names, fetched by Maven once and kept between runs, whoever asks at the
 * same time.
 *
 * @throws {@link ServerStartError} they cannot be fetched.
 */
export async function kafkaClassPath(): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
  const folder = join(cacheDirectory(), `kafka-${hash.slice(0, 12)}`)
  if (!existsSync(folder)) {
    await withExclusiveLock(`${folder}.lock`, fetchDeadlineMs, async () => {
      if (!existsSync(folder)) await fetchJars(folder)
    })
  }
  return join(folder, '*')
}

/** The folder is seen with all of its jars or not at all: they are fetched beside it and moved into place. */
async function fetchJars(folder: string): Promise<void> {
  const maven = await systemProgram({
    server: 'kafka',
    name: 'mvn',
    debianPackage: 'maven',
    product: 'Maven and Java 17',
  })
  const draft = `${folder}.${randomUUID()}`
  try {
    await mkdir(draft, { recursive: true })
    await cp(pom, join(draft, 'pom.xml'))
    const jars = join(draft, 'jars')
    const words = ['-B', '-q', '-C', copyDependencies, '-DincludeScope=runtime', `-DoutputDirectory=${jars}`]
    await promisify(execFile)(maven, words, { cwd: draft, maxBuffer: 64 * 1024 * 1024 })
    await rename(jars, folder)
  } catch (cause) {
    // Maven tells what went wrong on its standard output.
    const output = cause instanceof Error && 'stdout' in cause ? String(cause.stdout) : String(cause)
    throw new ServerStartError(
      'kafka',
      `its jars could not be fetched by Maven: ${output.trim().slice(0, 600)}`,
      'see that Maven reaches a repository, set EVENTSPINE_TEST_KAFKA to the URL of a running broker, or test the rest: npm test -- --only memory,postgres',
      { cause },
    )
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
