import { type AdapterRegistry, type Backend, EventStoreError, open, type OpenOptions } from '@eventspine/core'

/** Where the consumers of the flow read, and where they keep what they must not forget. */
export type StreamBackend = Pick<Backend, 'stream' | 'documents'> & AsyncDisposable

/** In place of a URL: consumers read the store's own feed, and there is no relay. */
export const OWN_STREAM = 'store'

/** Opens the stream that `url` names: Kafka with the documents of the store, Redis with its own. */
export async function openStream(
  url: string,
  store: Backend,
  { create = false }: Pick<OpenOptions, 'create'> = {},
): Promise<StreamBackend> {
  // Closed with the store.
  if (url === OWN_STREAM)
    return { stream: store.stream, documents: store.documents, [Symbol.asyncDispose]: async () => undefined }
  const { partitions } = store.store
  if (url.startsWith('kafka:')) {
    const { kafka } = await import('@eventspine/kafka')
    return await kafka.connect(url, { documents: store.documents, create, partitions })
  }
  // Without one it would be opened, and created, as a store.
  if (url.startsWith('redis') && !/[?&]topic=/.test(url)) {
    throw new EventStoreError(
      'INVALID_ARGUMENT',
      'the URL of a stream on Redis names a topic: redis://…?topic=orders',
    )
  }
  return await open(url, adapters, { create, partitions })
}

const redis = () => import('@eventspine/redis')

const adapters: AdapterRegistry = {
  kafka: () => import('@eventspine/kafka'),
  redis,
  rediss: redis,
  'redis-cluster': redis,
  'rediss-cluster': redis,
}
