import {
  type Backend,
  createBackend,
  EventStoreError,
  FORMAT_VERSION,
  invalidArgument,
} from '@eventspine/core'
import { capabilities } from './capabilities.ts'
import type { KafkaClient } from './client.ts'
import { RecordDecoder } from './decode-record.ts'
import { KafkaGroups } from './groups/kafka-groups.ts'
import { KafkaLog } from './kafka-log.ts'
import { resolveOptions, type ResolvedOptions, type TopicOptions } from './options.ts'
import { createTopic, verifyTopic, withAdmin } from './topic.ts'

export interface KafkaOptions extends TopicOptions {
  /** A `Kafka` object of kafkajs, or one of its shape. What is made from it here is ended here, itself it stays. */
  readonly client: KafkaClient
  readonly topic: string
}

/** What {@link kafka.connect} makes a client of: kafkajs's own settings, TLS and SASL among them. */
export interface KafkaConnection {
  readonly brokers: readonly string[]
  readonly clientId?: string
  readonly ssl?: unknown
  readonly sasl?: unknown
  readonly [setting: string]: unknown
}

export interface KafkaConnectOptions extends TopicOptions {
  readonly topic?: string | undefined
  /** Create the topic first when it is not there. Default `false`: verify only. */
  readonly create?: boolean | undefined
}

/**
 * Opens a topic through a client of yours. The topic is verified: it is there, has a power of two of partitions, and
 * is not compacted.
 *
 * @throws {@link EventStoreError} `STORE_MISSING`, `STORE_INCOMPATIBLE`, `ACCESS_DENIED`, `BACKEND_UNAVAILABLE`,
 *   `INVALID_ARGUMENT`; nothing was written.
 */
async function open({ client, topic, ...options }: KafkaOptions): Promise<Backend> {
  return openTopic(client, resolveOptions(topic, options))
}

/**
 * Opens a topic through a client of its own: `kafka://host:9092,host:9092/topic`, or kafkajs's settings and a topic.
 *
 * @throws as {@link kafka}; also `BACKEND_FAILED`: kafkajs is not installed.
 */
async function connect(to: string | KafkaConnection, options: KafkaConnectOptions = {}): Promise<Backend> {
  const {
    connection,
    topic: fromUrl,
    ...rest
  } = typeof to === 'string' ? parseKafkaUrl(to) : { connection: to }
  const { create = false, topic = fromUrl, ...given } = options
  const resolved = resolveOptions(topic ?? '', { ...rest, ...withoutUndefined(given) })
  const client = await createClient(connection)
  if (create) await createTopic(client, { topic: resolved.topic, partitions: resolved.partitions })
  return openTopic(client, resolved)
}

/** Opens a Kafka topic as an event stream: `kafka({ client, topic })`, or `kafka.connect(url)` with its own client. */
export const kafka = Object.assign(open, { connect })

async function openTopic(client: KafkaClient, options: ResolvedOptions): Promise<Backend> {
  const { topic, documents, foreign, source, producer: mode, deliveryTimeoutMs } = options
  const facts = await withAdmin(client, (admin) => verifyTopic(admin, topic, options.partitions))
  const { incarnation, partitions, maxMessageBytes, brokers } = facts
  const decoder = new RecordDecoder({ topic, incarnation, partitions, foreign })
  const log = new KafkaLog({
    client,
    topic,
    mode,
    deliveryTimeoutMs,
    maxMessageBytes,
    apart: brokers !== 1,
    source,
    decoder,
    timeoutMs: deliveryTimeoutMs,
  })
  return createBackend({
    name: 'kafka',
    capabilities,
    manifest: { formatVersion: FORMAT_VERSION, incarnation, partitions, hash: 'murmur2', codec: 'json' },
    log,
    groups: new KafkaGroups({ client, topic, partitions, incarnation }),
    borrowedDocuments: documents,
    doClose: () => log.close(),
  })
}

interface KafkaModule {
  readonly Kafka: new (config: object) => KafkaClient
  readonly logLevel: { readonly NOTHING: number }
}

async function createClient(connection: KafkaConnection): Promise<KafkaClient> {
  let kafkajs: KafkaModule
  try {
    // Settings are passed on as they are given, so its own types of them are not needed here.
    kafkajs = (await import('kafkajs')).default as unknown as KafkaModule
  } catch (cause) {
    const message = "kafka: the package 'kafkajs' is not installed: npm install kafkajs"
    throw new EventStoreError('BACKEND_FAILED', message, { cause })
  }
  return new kafkajs.Kafka({
    clientId: 'eventspine',
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    // kafkajs waits 300 ms after a first refusal, also for each transaction that is begun right after another.
    retry: { initialRetryTime: 5, multiplier: 2, maxRetryTime: 200, retries: 30 },
    ...connection,
  })
}

/** Takes a URL apart. Errors do not repeat it, since it may hold a password. */
export function parseKafkaUrl(url: string): TopicOptions & {
  readonly connection: KafkaConnection
  readonly topic: string
} {
  const match = /^kafka:\/\/([^/?#@]+)\/([^/?#]+)(\?[^#]*)?$/i.exec(url)
  const [, hosts = '', topic = '', query = ''] = match ?? []
  if (match === null || topic === '')
    throw invalidArgument(
      'url',
      'must be like kafka://host:9092,host:9092/topic; TLS and SASL need kafka.connect(config)',
    )
  const brokers = hosts.split(',').map((host) => (/:\d+$/.test(host) ? host : `${host}:9092`))
  const parameters = new URLSearchParams(query)
  const rest: { -readonly [Key in 'partitions' | 'producer' | 'foreign']?: TopicOptions[Key] } = {}
  for (const [name, value] of parameters) {
    if (name === 'partitions' && /^\d{1,4}$/.test(value)) rest.partitions = Number(value)
    else if (name === 'producer' && (value === 'idempotent' || value === 'transactional'))
      rest.producer = value
    else if (name === 'foreign' && (value === 'deliver' || value === 'skip' || value === 'stop'))
      rest.foreign = value
    else throw invalidArgument('url', `${name} is no parameter, or its value does not fit`)
  }
  return { connection: { brokers }, topic: decodeURIComponent(topic), ...rest }
}

/** An option that is given as undefined must not hide what the URL says. */
function withoutUndefined<Options extends object>(options: Options): Options {
  // Takes away only what counts as absent by the option's type.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options
}
