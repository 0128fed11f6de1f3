import { arrows, declaredDependencies, packageBorders } from './dependency-rules.ts'
import { allTestsRun, fileNames, fileSize, noMachine, testsAreFound } from './file-rules.ts'
import { internalDependencies, packageFiles, packageManifests } from './package-rules.ts'
import type { Problem, Rule, Workspace } from './workspace.ts'

const rules: readonly Rule[] = [
  arrows,
  packageBorders,
  declaredDependencies,
  packageFiles,
  packageManifests,
  internalDependencies,
  fileSize,
  fileNames,
  testsAreFound,
  allTestsRun,
  noMachine,
]

/** Everything that breaks the layout of the project. */
export function findProblems(workspace: Workspace): readonly Problem[] {
  return rules.flatMap((rule) => rule(workspace))
}
