import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { readJsonFile, writeJsonFile } from '../server-record.ts'

/** Where one node of a cluster listens. */
export interface NodePorts {
  /** For clients. */
  readonly port: number
  /** For the other nodes. */
  readonly peerPort: number
}

/** How one node of a cluster is started. */
export interface NodePlan {
  readonly port: number
  readonly settings: Readonly<Record<string, string>>
}

/** Ports for that many nodes; the first client port may be given. */
export async function freshPorts(count: number, firstPort?: number): Promise<readonly NodePorts[]> {
  const taken = new Set<number>(firstPort === undefined ? [] : [firstPort])
  const another = async (): Promise<number> => {
    for (;;) {
      const port = await freePort()
      if (taken.has(port)) continue
      taken.add(port)
      return port
    }
  }
  const all: NodePorts[] = []
  for (let index = 0; index < count; index += 1) {
    const port = index === 0 && firstPort !== undefined ? firstPort : await another()
    all.push({ port, peerPort: await another() })
  }
  return all
}

/** The ports that the cluster in this folder was made with: its nodes know each other by them. */
export async function keptPorts(
  folder: string,
  count: number,
  firstPort: number,
): Promise<readonly NodePorts[]> {
  const path = join(folder, 'ports.json')
  const kept = await readJsonFile<readonly NodePorts[]>(path)
  if (kept !== undefined) return kept
  const fresh = await freshPorts(count, firstPort)
  await writeJsonFile(path, fresh)
  return fresh
}
