import { EventStoreError, type GroupCheckpoint, type GroupParked } from '@eventspine/core'

/*
 * What a committed offset carries as its metadata: the rest of the checkpoint, so that offset, epoch and parked
 * set are one atomic write. The format is specified in `docs/wire.md`.
 */

// Brokers refuse more: https://kafka.apache.org/documentation/#brokerconfigs_offset.metadata.max.bytes
const MAX_BYTES = 4096

/** How much of the errors of parked streams is kept, in characters: the first that fits. */
const ERROR_LENGTHS = [200, 80, 20, 0]

const FORMAT = 'eventspine/1'

type ParkedEntry = readonly [
  streamId: string,
  sequence: number,
  check: string,
  attempts: number,
  error: string,
]

interface Written {
  readonly format: typeof FORMAT
  readonly incarnation: string
  readonly check: string
  readonly epoch: number
  readonly parked: readonly ParkedEntry[]
}

/** @throws {@link EventStoreError} `LIMIT_EXCEEDED`: so many streams are parked that the broker would refuse it. */
export function encodeOffsetMetadata(checkpoint: GroupCheckpoint): string {
  for (const length of ERROR_LENGTHS) {
    const text = write(checkpoint, length)
    if (Buffer.byteLength(text) <= MAX_BYTES) return text
  }
  throw new EventStoreError(
    'LIMIT_EXCEEDED',
    `kafka: ${checkpoint.parked.length} parked streams do not fit into the ${MAX_BYTES} bytes that an offset's metadata may have; ` +
      'lower maxParkedStreams, or give documents to keep them in',
  )
}

function write({ incarnation, check, epoch, parked }: GroupCheckpoint, errorLength: number): string {
  const written: Written = {
    format: FORMAT,
    incarnation,
    check: check ?? '',
    epoch,
    parked: parked.map(({ streamId, sequence, check: own, attempts, error }) => [
      streamId,
      sequence,
      own,
      attempts,
      error.slice(0, errorLength),
    ]),
  }
  return JSON.stringify(written)
}

/**
 * The checkpoint that an offset stands for. One without our metadata was set by others, such as Kafka's own
 * tools: it is a place, with nothing parked.
 *
 * @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: written by a newer version.
 */
export function decodeOffset(
  offset: string,
  metadata: string | null,
  incarnation: string,
): GroupCheckpoint | undefined {
  const sequence = Number(offset)
  if (!Number.isSafeInteger(sequence) || sequence < 0) return undefined
  if (metadata === null || !metadata.startsWith('{"format":"eventspine/'))
    return { sequence, check: undefined, incarnation, epoch: 0, parked: [] }
  if (!metadata.startsWith(`{"format":"${FORMAT}"`))
    throw new EventStoreError(
      'STORE_INCOMPATIBLE',
      "kafka: the group's offsets have metadata of an unknown format",
    )
  // The mark before says that we wrote it.
  const written = JSON.parse(metadata) as Written
  return {
    sequence,
    check: sequence === 0 ? undefined : written.check,
    incarnation: written.incarnation,
    epoch: written.epoch,
    parked: written.parked.map(([streamId, failed, check, attempts, error]): GroupParked => ({
      streamId,
      sequence: failed,
      check,
      attempts,
      error,
    })),
  }
}
