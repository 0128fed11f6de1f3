import type { AdapterRegistry, Backend, OpenOptions } from '@eventspine/core'
import { type OpenWithPayloadsOptions, openWithPayloads } from '../src/index.ts'
import { everythingApart } from './memory-pair.ts'

/** By the schemes of their URLs; one that is not used is not loaded. */
export const adapters: AdapterRegistry = {
  postgres: () => import('@eventspine/postgres'),
  redis: () => import('@eventspine/redis'),
  couchbase: () => import('@eventspine/couchbase'),
  dynamodb: () => import('@eventspine/dynamodb'),
  kafka: () => import('@eventspine/kafka'),
}

/** The URLs of both backends of a pair. */
export interface PairUrls {
  readonly target: string
  readonly payloads: string
}

/** Two URLs as one, for other processes. */
export function pairUrl({ target, payloads }: PairUrls): string {
  return `${target} ${payloads}`
}

/** What child processes of the kit open, and what tests do. */
export function openUrl(
  url: string,
  options: OpenOptions & Partial<OpenWithPayloadsOptions> = {},
): Promise<Backend> {
  const [target, payloads] = url.split(' ')
  return openWithPayloads({ target, payloads }, adapters, { ...everythingApart, ...options })
}
