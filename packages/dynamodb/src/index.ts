export { createTable, type TableOptions } from './create-table.ts'
export { createStore, dynamodb, type DynamodbConnectOptions, type DynamodbOptions } from './dynamodb.ts'
export { openUrl } from './open-url.ts'
export type { StoreOptions } from './options.ts'
