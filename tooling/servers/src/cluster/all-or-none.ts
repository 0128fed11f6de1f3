/** The nodes that were started; where one failed, the others are ended and its reason is thrown. */
export async function allOrNone<Node>(
  starts: readonly PromiseSettledResult<Node>[],
  end: (node: Node) => Promise<void>,
): Promise<readonly Node[]> {
  const nodes = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  const failed = starts.find((start) => start.status === 'rejected')
  if (failed === undefined) return nodes
  await Promise.all(nodes.map(end))
  throw failed.reason
}
