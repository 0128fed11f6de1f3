import type { Backend, OpenOptions } from '@eventspine/core'
import { type OpenWithPayloadsOptions, openWithPayloads } from '../src/index.ts'
import { everythingApart } from './memory-pair.ts'

const adapters = {
  postgres: () => import('@eventspine/postgres'),
  redis: () => import('@eventspine/redis'),
}

/** Two URLs as one, for other processes. */
export function pairUrl(target: string, payloads: string): string {
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
