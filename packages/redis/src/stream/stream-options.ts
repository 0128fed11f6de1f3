import { invalidArgument } from '@eventspine/core'
import { resolveOptions, type StoreOptions } from '../options.ts'
import { streamPrefix } from './log-keys.ts'
import { checkTrimOptions, type TrimOptions } from './trim-log.ts'

/** How a stream is opened, whoever made the client. */
export interface StreamOptions extends Pick<
  StoreOptions,
  'prefix' | 'create' | 'partitions' | 'allowEviction' | 'wait' | 'pollIntervalMs'
> {
  /** Names the stream: letters, digits and `_ . : / @ -`, at most 99 characters together with the prefix. */
  readonly topic: string
  /** What this backend lets go of a partition now and then while it publishes there. Default: nothing. */
  readonly retention?: TrimOptions | undefined
  /** Told when letting go has failed, which no publish fails for. Must not throw. Default: a process warning. */
  readonly onTrimError?: ((error: unknown) => void) | undefined
}

export interface ResolvedStreamOptions {
  /** Of all keys, with the topic. */
  readonly prefix: string
  readonly create: boolean
  readonly partitions: number | undefined
  readonly allowEviction: boolean
  readonly wait: StoreOptions['wait']
  readonly pollIntervalMs: number
  readonly retention: TrimOptions | undefined
  readonly onTrimError: (error: unknown) => void
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option, before any I/O. */
export function resolveStreamOptions({
  topic,
  retention,
  onTrimError = warn,
  ...rest
}: StreamOptions): ResolvedStreamOptions {
  const { prefix, create, partitions, allowEviction, wait, pollIntervalMs } = resolveOptions(rest)
  if (retention !== undefined) checkTrimOptions(retention, 'retention')
  if (typeof onTrimError !== 'function') throw invalidArgument('onTrimError', 'must be a function')
  return {
    prefix: streamPrefix(prefix, topic),
    create,
    partitions,
    allowEviction,
    wait,
    pollIntervalMs,
    retention,
    onTrimError,
  }
}

function warn(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  process.emitWarning(`Eventspine: a stream in Redis could not be trimmed: ${reason}`)
}
