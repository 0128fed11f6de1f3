import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { compiledClassPath } from '../java/compiled-program.ts'
import { javaProgram, shortLived } from '../java/java-program.ts'
import { mavenJars } from '../java/maven-jars.ts'
import type { ServerDefinition } from '../server-definition.ts'
import { startFailure } from '../start-failure.ts'
import { startProcess } from '../start-process.ts'
import { askCouchbase } from './ask-couchbase.ts'

/** As `pom.xml` has it. */
const couchbaseVersion = 'CouchbaseMock 1.5.27 (emulator)'
const urlVariable = 'EVENTSPINE_TEST_COUCHBASE'
const bucket = 'default'
/** A start takes half a second on a quiet machine; the time is for one with eight times the work it can do. */
const startDeadlineMs = 120_000
const attemptMs = 10_000

/** CouchbaseMock from Maven: the vendor's own emulator, in memory; it has no settings. A killed one has lost all data. */
export const couchbase: ServerDefinition = {
  name: 'couchbase',
  title: 'CouchbaseMock 1.5.27 from Maven, on Java 17: an emulator, in memory',
  urlVariable,
  stopSignal: 'SIGTERM',
  exitSignal: 'SIGKILL',
  dataDirectory: (folder) => Promise.resolve(join(folder, 'data')),
  probe: askCouchbase,

  async start(request) {
    const java = await javaProgram('couchbase')
    const pom = new URL('pom.xml', import.meta.url)
    const jars = await mavenJars({ server: 'couchbase', pom, urlVariable })
    const launcher = new URL('CouchbaseOnLoopback.java', import.meta.url)
    const classPath = await compiledClassPath('couchbase', launcher, jars)
    const dataDirectory = join(request.folder, 'data')
    await mkdir(dataDirectory, { recursive: true })
    const logPath = join(request.folder, 'couchbase.log')
    // The emulator takes any credentials, and clients want some.
    const url = `couchbase://local:local@127.0.0.1:${request.port}/${bucket}`
    const attempt = await startProcess(
      {
        program: java,
        words: [
          '-Xmx512m',
          '-XX:+UseSerialGC',
          '-Djava.net.preferIPv4Stack=true',
          ...(request.detached ? [] : shortLived),
          '-cp',
          classPath,
          'CouchbaseOnLoopback',
          String(request.port),
          bucket,
        ],
        workingDirectory: dataDirectory,
        logPath,
        detached: request.detached,
      },
      {
        deadlineMs: startDeadlineMs,
        attemptMs,
        ask: (deadlineMs) => askCouchbase(url, deadlineMs).then(() => couchbaseVersion),
      },
      'SIGKILL',
    )
    if (!attempt.ready) throw startFailure('couchbase', attempt.log, logPath)
    return { url, dataDirectory, version: couchbaseVersion, processes: [attempt.process] }
  },
}
