import type { DocumentStore } from '@eventspine/core'
import { readTree } from './git/tree.ts'
import { printable } from './printable.ts'
import type { StreamNames } from './stream-names.ts'
import { projectedTree, type TreeDocument } from './tree-projection.ts'

export interface Comparison {
  readonly files: number
  /** One line each; none when the projection is git's tree. */
  readonly differences: readonly string[]
}

/** Compares the projected tree with what `git ls-tree -r` says of `commit`. */
export async function compareTree(
  documents: DocumentStore,
  names: StreamNames,
  path: string,
  commit: string,
): Promise<Comparison> {
  const projected = new Map<string, TreeDocument>()
  for await (const [key, document] of projectedTree(documents, names.filePrefix)) projected.set(key, document)
  const differences: string[] = []
  let files = 0
  for await (const page of readTree(path, commit)) {
    for (const actual of page) {
      files++
      const streamId = names.file(actual.path)
      const known = projected.get(streamId)
      projected.delete(streamId)
      const name = printable(actual.path.toString('utf8'))
      const inGit = `${actual.mode} ${actual.blob}`
      if (known === undefined) differences.push(`${name}: ${inGit} in git, missing in the projection`)
      else if (`${known.mode} ${known.blob}` !== inGit) {
        differences.push(`${name}: ${inGit} in git, ${known.mode} ${known.blob} in the projection`)
      } else if (!pathOf(known).equals(actual.path)) {
        differences.push(`${name}: has the path ${printable(known.path)} in the projection`)
      }
    }
  }
  for (const { path, mode, blob } of projected.values()) {
    differences.push(`${printable(path)}: not in git, ${mode} ${blob} in the projection`)
  }
  return { files, differences }
}

function pathOf({ path, pathBase64 }: TreeDocument): Buffer {
  return pathBase64 === undefined ? Buffer.from(path, 'utf8') : Buffer.from(pathBase64, 'base64')
}
