import type { OwnServer } from '../own-server.ts'

/** A fresh cluster that belongs to this process: started for it, and gone with it. */
export interface OwnCluster extends AsyncDisposable {
  /** Names every node. */
  readonly url: string
  readonly version: string
  /**
   * Each to be killed and restarted by itself, without the others; `restart()` resolves when that node answers, which
   * may be before the cluster has taken it in again: see `ready`.
   */
  readonly nodes: readonly OwnServer[]
  /**
   * Resolves when every node runs and the cluster is as whole as after its start.
   *
   * @throws Error with what is missing, after `deadlineMs` (60,000 by default).
   */
  ready(deadlineMs?: number): Promise<void>
  /** Ends all nodes and removes their data. Calling it again does nothing. */
  stop(): Promise<void>
}

/** Ends the nodes of a cluster and removes their data. */
export async function stopNodes(nodes: readonly OwnServer[]): Promise<void> {
  // At once and without notice: the data go, and nodes that hand over to each other cannot all be the last one.
  await Promise.all(nodes.map((node) => node.kill().then(() => node.stop())))
}
