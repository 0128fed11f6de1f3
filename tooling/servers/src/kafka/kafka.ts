import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { javaProgram, shortLived } from '../java/java-program.ts'
import type { ServerDefinition, StartRequest } from '../server-definition.ts'
import { startFailure } from '../start-failure.ts'
import { startProcess } from '../start-process.ts'
import { askKafka } from './ask-kafka.ts'
import { ensureFormatted } from './formatted-data.ts'
import { kafkaClassPath } from './kafka-class-path.ts'

/** As `pom.xml` has it. */
export const kafkaVersion = '4.1.2'
/** What a probe answers: the protocol does not tell. */
const unknownVersion = 'of unknown version'
/** A start takes 3 s on a quiet machine, and was seen to take 25 s on one with eight times the work it can do. */
const startDeadlineMs = 120_000
const attemptMs = 5_000

const defaultSettings = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',
  'auto.create.topics.enable': 'false',
  'default.replication.factor': '1',
  'min.insync.replicas': '1',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '4',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'log.cleaner.dedupe.buffer.size': '8388608',
  'log.segment.bytes': '67108864',
  // These two bring a restart after kill -9 from 12 s down to 2.5 s: the controller forgets the dead broker sooner.
  'broker.heartbeat.interval.ms': '200',
  'broker.session.timeout.ms': '1000',
}

/** Apache Kafka from Maven, one process that is broker and controller: the real server. */
export const kafka: ServerDefinition = {
  name: 'kafka',
  title: `Apache Kafka ${kafkaVersion} from Maven, on Java 17`,
  urlVariable: 'EVENTSPINE_TEST_KAFKA',
  stopSignal: 'SIGTERM',
  exitSignal: 'SIGKILL',
  dataDirectory: (folder) => Promise.resolve(join(folder, 'data')),

  async probe(url, deadlineMs) {
    await askKafka(url, { partitions: 'led' }, deadlineMs)
    return unknownVersion
  },

  async start(request) {
    const java = await javaProgram('kafka')
    const classPath = await kafkaClassPath()
    const dataDirectory = join(request.folder, 'data')
    const properties = join(request.folder, 'server.properties')
    await writeFile(properties, await propertiesText(request, dataDirectory), { mode: 0o600 })
    const url = `kafka://127.0.0.1:${request.port}`
    const nodeId = Number(request.settings['node.id'] ?? defaultSettings['node.id'])
    await ensureFormatted(dataDirectory, { java, classPath, nodeId })
    // A node of several is there before the others may be: its partitions are theirs too.
    const isOneOfSeveral = request.settings['controller.quorum.voters']?.includes(',') === true
    const expectation = isOneOfSeveral ? { nodeId } : { nodeId, partitions: 'led' as const }
    const logPath = join(request.folder, 'kafka.log')
    const attempt = await startProcess(
      {
        program: java,
        words: [
          ...javaOptions,
          ...(request.detached ? [] : shortLived),
          '-cp',
          classPath,
          'kafka.Kafka',
          properties,
        ],
        workingDirectory: dataDirectory,
        logPath,
        detached: request.detached,
      },
      {
        deadlineMs: startDeadlineMs,
        attemptMs,
        ask: (deadlineMs) => askKafka(url, expectation, deadlineMs).then(() => kafkaVersion),
      },
      'SIGKILL',
    )
    if (!attempt.ready) throw startFailure('kafka', withoutStackTraces(attempt.log), logPath)
    return { url, dataDirectory, version: kafkaVersion, processes: [attempt.process] }
  },
}

const javaOptions = [
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-Djava.net.preferIPv4Stack=true',
  // Otherwise every start writes all settings down three times.
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
]

async function propertiesText({ port, settings }: StartRequest, dataDirectory: string): Promise<string> {
  const controllerPort = await freePort()
  const all: Record<string, string> = {
    ...defaultSettings,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    ...settings,
    'log.dirs': dataDirectory,
  }
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function withoutStackTraces(log: string): string {
  return log
    .split('\n')
    .filter((line) => !/^\s+(at |\.\.\. )/.test(line))
    .join('\n')
}
