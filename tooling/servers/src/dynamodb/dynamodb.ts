import { join } from 'node:path'
import { compiledClassPath } from '../java/compiled-program.ts'
import { javaProgram, shortLived } from '../java/java-program.ts'
import { mavenJars } from '../java/maven-jars.ts'
import type { ServerDefinition, StartRequest } from '../server-definition.ts'
import { startFailure } from '../start-failure.ts'
import { startProcess } from '../start-process.ts'
import { askDynamodb } from './ask-dynamodb.ts'
import { dataFolder, makeDataFolder } from './data-folder.ts'

/** As `pom.xml` has it. */
const dynamodbVersion = '3.3.1 (emulator)'
const urlVariable = 'EVENTSPINE_TEST_DYNAMODB'
/** A start takes 2 s on a quiet machine; the time is for one with eight times the work it can do. */
const startDeadlineMs = 120_000
const attemptMs = 10_000

/** DynamoDB Local from Maven: the vendor's own emulator. Its setting is `storage`: `memory`, or `files`, which outlive it. */
export const dynamodb: ServerDefinition = {
  name: 'dynamodb',
  title: 'DynamoDB Local 3.3.1 from Maven, on Java 17: an emulator, in memory',
  urlVariable,
  stopSignal: 'SIGTERM',
  exitSignal: 'SIGKILL',
  dataDirectory: (folder) => Promise.resolve(dataFolder(folder)),

  async probe(url, deadlineMs) {
    await askDynamodb(url, deadlineMs)
    return 'of unknown version'
  },

  async start(request) {
    const storage = storageOf(request)
    const java = await javaProgram('dynamodb')
    const pom = new URL('pom.xml', import.meta.url)
    const jars = await mavenJars({ server: 'dynamodb', pom, urlVariable })
    const launcher = new URL('DynamodbOnLoopback.java', import.meta.url)
    const classPath = await compiledClassPath('dynamodb', launcher, jars)
    const dataDirectory = await makeDataFolder(request.folder, storage)
    const logPath = join(request.folder, 'dynamodb.log')
    // The emulator wants credentials and takes any: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.UsageNotes.html
    const url = `dynamodb://local:local@127.0.0.1:${request.port}?region=local&ssl=false`
    const attempt = await startProcess(
      {
        program: java,
        words: [
          '-Xmx512m',
          '-XX:+UseSerialGC',
          '-Djava.net.preferIPv4Stack=true',
          ...(request.detached ? [] : shortLived),
          `-Dsqlite4java.library.path=${jars}`,
          '-cp',
          classPath,
          'DynamodbOnLoopback',
          '-disableTelemetry',
          // Otherwise what a client sees depends on its credentials and region.
          '-sharedDb',
          ...(storage === 'memory' ? ['-inMemory'] : ['-dbPath', dataDirectory]),
          '-port',
          String(request.port),
        ],
        workingDirectory: dataDirectory,
        logPath,
        detached: request.detached,
      },
      {
        deadlineMs: startDeadlineMs,
        attemptMs,
        ask: (deadlineMs) => askDynamodb(url, deadlineMs).then(() => dynamodbVersion),
      },
      'SIGKILL',
    )
    if (!attempt.ready) throw startFailure('dynamodb', attempt.log, logPath)
    return { url, dataDirectory, version: dynamodbVersion, processes: [attempt.process] }
  },
}

function storageOf({ settings: { storage = 'memory' } }: StartRequest): 'memory' | 'files' {
  if (storage === 'memory' || storage === 'files') return storage
  throw new RangeError(`the storage of DynamoDB Local is memory or files, not "${storage}"`)
}
