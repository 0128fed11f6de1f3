export type { KafkaClient } from './client.ts'
