import { startOwnServer, type OwnServer } from '../own-server.ts'
import type { ServerName } from '../registry.ts'
import { allOrNone } from './all-or-none.ts'
import type { NodePlan } from './node-plan.ts'

/** Nodes as servers of this process, each to be killed and restarted by itself; all of them or none. */
export async function startOwnNodes(
  name: ServerName,
  plans: readonly NodePlan[],
): Promise<readonly OwnServer[]> {
  // At once: a node may answer only when there are enough of them to decide.
  const starts = await Promise.allSettled(plans.map((plan) => startOwnServer(name, plan)))
  return await allOrNone(starts, (node) => node.stop())
}
