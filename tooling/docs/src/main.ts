import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillGeneratedParts } from './generated-parts.ts'
import { generators } from './generators.ts'
import { markdownFiles, readText, repositoryRoot } from './repository.ts'

// Writes the generated parts of all Markdown files anew.
for (const path of markdownFiles()) {
  const before = readText(path)
  const after = fillGeneratedParts(before, generators)
  if (after === before) continue
  writeFileSync(join(repositoryRoot, path), after)
  process.stdout.write(`${path}\n`)
}
