import { readdirSync } from 'node:fs'
import { readText } from './repository.ts'

const FOLDER = 'tooling/docs/snippets'

/** Programs whose parts stand in the documentation; each is run by a test. */
export function snippetFiles(): readonly string[] {
  return filesOf('../snippets', '')
}

/** Those that need the server of that name. */
export function serverSnippetFiles(server: string): readonly string[] {
  return filesOf(`../snippets/${server}`, `${server}/`)
}

/**
 * A snippet as Markdown code: a whole program, or with `FILE#NAME` what stands between its `// #region NAME` and
 * `// #endregion`.
 *
 * @throws {@link Error} there is no such file or region.
 */
export function snippet(argument: string): string {
  const [file = '', region] = argument.split('#')
  const text = readText(`${FOLDER}/${file}`)
  const code = region === undefined ? withoutMarkers(text) : regionOf(text, file, region)
  return `\`\`\`ts\n${code.trim()}\n\`\`\``
}

/** What a snippet prints, line by line, as its `// =>` comments say. */
export function documentedOutput(file: string): readonly string[] {
  return [...readText(`${FOLDER}/${file}`).matchAll(/\/\/ => (.*)$/gm)].map((match) => match[1] ?? '')
}

function regionOf(text: string, file: string, region: string): string {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.trim() === `// #region ${region}`)
  if (start === -1) throw new Error(`${file} has no region "${region}"`)
  const length = lines.slice(start + 1).findIndex((line) => line.trim() === '// #endregion')
  if (length === -1) throw new Error(`${file}: region "${region}" does not end`)
  const inside = lines.slice(start + 1, start + 1 + length)
  const indents = inside
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length)
  const indent = Math.min(...indents)
  return inside.map((line) => line.slice(indent)).join('\n')
}

function withoutMarkers(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*\/\/ #(?:region|endregion)\b/.test(line))
    .join('\n')
}

function filesOf(folder: string, prefix: string): readonly string[] {
  return readdirSync(new URL(folder, import.meta.url))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => prefix + name)
    .toSorted()
}
