import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { endProcess } from '../process-identity.ts'
import type { ServerDefinition, StartedServer, StartRequest } from '../server-definition.ts'
import { allOrNone } from './all-or-none.ts'
import type { NodePlan } from './node-plan.ts'

const stopGraceMs = 10_000

/** Nodes as the processes of one server, each with a folder in that of the request; all of them or none. */
export async function startNodes(
  definition: ServerDefinition,
  plans: readonly NodePlan[],
  { folder, detached }: StartRequest,
): Promise<readonly StartedServer[]> {
  const start = async ({ port, settings }: NodePlan, index: number): Promise<StartedServer> => {
    const nodeFolder = join(nodesFolder(folder), String(index + 1))
    await mkdir(nodeFolder, { recursive: true })
    return await definition.start({ folder: nodeFolder, port, detached, settings })
  }
  return await allOrNone(await Promise.allSettled(plans.map(start)), endNode)
}

/** Ends the processes of a node whose cluster did not come up. */
export async function endNode({ processes }: StartedServer): Promise<void> {
  for (const one of processes) await endProcess(one, 'SIGKILL', stopGraceMs)
}

/** Where the nodes of a cluster in `folder` keep their data. */
export function nodesFolder(folder: string): string {
  return join(folder, 'nodes')
}
