/*
 * Names of the headers of a record: CloudEvents 1.0 in Kafka's binary mode, and extensions of ours.
 * `docs/wire.md` specifies them. kafkajs spends time on every header of every record it reads, so what has its
 * usual value is left out.
 *
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */

export const SPEC_VERSION = 'ce_specversion'
export const EVENT_ID = 'ce_id'
export const EVENT_TYPE = 'ce_type'
export const EVENT_SOURCE = 'ce_source'
export const EVENT_TIME = 'ce_time'
export const CONTENT_TYPE = 'content-type'

/** Always written, so it also tells a record of ours from other CloudEvents. */
export const SCHEMA_VERSION = 'ce_schemaversion'
/** JSON text of the metadata with the rare parts of the envelope; absent when there are none. */
export const METADATA = 'ce_eventmetadata'
/** How `data` is to be read when it is not plain JSON: `1`, bytes; `2`, a reference to data that is kept apart. */
export const DATA_CODEC = 'ce_datacodec'
/** Of a relayed event: its position in the store it comes from. */
export const ORIGIN_POSITION = 'ce_originposition'
/** Of a relayed event: its version in the stream it comes from. */
export const STREAM_POSITION = 'ce_streamposition'
