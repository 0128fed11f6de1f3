import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cacheDirectory } from '../eventspine-directory.ts'
import { withExclusiveLock } from '../exclusive-lock.ts'
import { ServerStartError } from '../server-start-error.ts'
import { systemProgram } from '../system-program.ts'
import { cachedFolder, type CacheDraft } from './cached-folder.ts'

/** Others may be fetched before. */
const fetchDeadlineMs = 600_000
const retries = '-Dmaven.wagon.http.retryHandler.count=3'
// Pinned as the jars are; -C below makes a wrong checksum an error.
const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

/** What a server consists of, and how a person does without it. */
export interface MavenJars {
  readonly server: string
  /** The `pom.xml` that names the jars. */
  readonly pom: URL
  /** The environment variable that names a running server in place of one from these jars. */
  readonly urlVariable: string
}

/**
 * The folder of the jars that `pom.xml` names, fetched by Maven once and kept between runs, whoever asks at the same
 * time. A changed pom is fetched anew.
 *
 * @throws {@link ServerStartError} they cannot be fetched.
 */
export async function mavenJars(jars: MavenJars): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(jars.pom))
    .digest('hex')
  return await cachedFolder(`${jars.server}-${hash.slice(0, 12)}`, (draft) =>
    // Several Mavens at a time may spoil the repository that they share.
    withExclusiveLock(join(cacheDirectory(), 'maven.lock'), fetchDeadlineMs, () => fetchJars(jars, draft)),
  )
}

async function fetchJars(
  { server, pom, urlVariable }: MavenJars,
  { result, scratch }: CacheDraft,
): Promise<void> {
  const maven = await systemProgram({
    server,
    name: 'mvn',
    debianPackage: 'maven',
    product: 'Maven and Java 17',
  })
  try {
    await cp(fileURLToPath(pom), join(scratch, 'pom.xml'))
    const words = ['-B', '-q', '-C', retries, copyDependencies]
    const what = ['-DincludeScope=runtime', `-DoutputDirectory=${result}`]
    await promisify(execFile)(maven, [...words, ...what], { cwd: scratch, maxBuffer: 64 * 1024 * 1024 })
  } catch (cause) {
    // Maven tells what went wrong on its standard output.
    const output = cause instanceof Error && 'stdout' in cause ? String(cause.stdout) : String(cause)
    throw new ServerStartError(
      server,
      `its jars could not be fetched by Maven: ${output.trim().slice(0, 600)}`,
      `see that Maven reaches a repository, set ${urlVariable} to the URL of a running server, or test the rest: npm test -- --only memory,postgres`,
      { cause },
    )
  }
}
