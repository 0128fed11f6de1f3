import { type AdapterRegistry, type Backend, invalidArgument, open, type OpenOptions } from '@eventspine/core'
import type { PayloadOptions } from './options.ts'
import { decorate } from './with-payloads.ts'

export interface PayloadUrls {
  /** Of the backend that keeps the events: a store or a stream. */
  readonly target: string | undefined
  /** Of the backend that keeps the payloads; `undefined`: they stay with the events. */
  readonly payloads: string | undefined
}

export interface OpenWithPayloadsOptions extends OpenOptions, Omit<PayloadOptions, 'documents'> {}

/**
 * Opens the backends that two URLs name, loading only their adapters, and keeps the payloads of the one in the other:
 *
 * `openWithPayloads({ target: process.env.EVENTSPINE_STREAM, payloads: process.env.EVENTSPINE_PAYLOADS }, adapters)`
 *
 * Both are closed with the backend that is returned. The same URL twice opens one backend, for both.
 *
 * @throws an EventStoreError `INVALID_ARGUMENT`: no URL, no adapter for its scheme, or options that do not fit. Else
 *   what the adapters throw; what was opened before is closed again.
 */
export async function openWithPayloads(
  urls: PayloadUrls,
  adapters: AdapterRegistry,
  options: OpenWithPayloadsOptions = {},
): Promise<Backend> {
  const { create, partitions, ...payloadOptions } = options
  if (urls?.target === undefined) throw invalidArgument('target', 'must be the URL of a store or a stream')
  const target = await open(urls.target, adapters, { create, partitions })
  if (urls.payloads === undefined) return target
  const opened = [target]
  try {
    const payloads = urls.payloads === urls.target ? target : await open(urls.payloads, adapters, { create })
    if (payloads !== target) opened.push(payloads)
    const close = async (): Promise<void> => {
      await target.close()
      await payloads.close()
    }
    return decorate(target, { ...payloadOptions, documents: payloads.documents }, close)
  } catch (error) {
    await Promise.allSettled(opened.map((backend) => backend.close()))
    throw error
  }
}
