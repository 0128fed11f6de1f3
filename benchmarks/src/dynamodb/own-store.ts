import type { Backend } from '@eventspine/core'
import { dynamodb } from '@eventspine/dynamodb'
import { ownTable } from '@eventspine/servers'

/** A store of ours, and how to be rid of it. */
export interface OwnStore {
  readonly url: string
  readonly backend: Backend
  /** Closes it and removes its table. */
  readonly close: () => Promise<void>
}

/** A new store in a table of its own. */
export async function openOwnStore(serverUrl: string, partitions = 1): Promise<OwnStore> {
  const table = ownTable(serverUrl)
  const backend = await dynamodb.connect(table.url, { create: true, partitions })
  const close = async (): Promise<void> => {
    await backend.close()
    await table.remove()
  }
  return { url: table.url, backend, close }
}
