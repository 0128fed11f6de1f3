import { format } from 'node:util'

/** Runs a program of `snippets` in this process and returns the lines that it printed. */
export async function runSnippet(file: string): Promise<readonly string[]> {
  const { log } = console
  const printed: string[] = []
  console.log = (...values: unknown[]) => void printed.push(format(...values))
  try {
    await import(new URL(`../snippets/${file}`, import.meta.url).href)
  } finally {
    console.log = log
  }
  return printed
}
