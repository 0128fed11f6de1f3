import { type Backend, EventStoreError, open, type OpenOptions } from '@eventspine/core'

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
  const backend = await open(url, { redis, rediss: redis }, { create, partitions })
  if (backend.stream.capabilities.stream === 'native') return backend
  await backend.close()
  throw new EventStoreError(
    'INVALID_ARGUMENT',
    'the URL of a stream on Redis names a topic: redis://…?topic=orders',
  )
}

const redis = () => import('@eventspine/redis')
