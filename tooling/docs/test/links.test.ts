import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { markdownFiles, readText, repositoryRoot } from '../src/repository.ts'

const withoutCode = (text: string): string =>
  text.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '')

/** The anchors that a Markdown viewer gives to headings. */
function anchorsOf(path: string): readonly string[] {
  return readText(path)
    .replaceAll(/```[\s\S]*?```/g, '')
    .split('\n')
    .filter((line) => /^#{1,6} /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    )
}

function deadLinks(path: string): readonly string[] {
  const links = [...withoutCode(readText(path)).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
  return links.filter((link) => {
    if (/^(?:https?|mailto):/.test(link)) return false
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : join(dirname(path), file)
    if (!existsSync(join(repositoryRoot, target))) return true
    return anchor !== undefined && !anchorsOf(target).includes(anchor)
  })
}

describe('links within the documentation', () => {
  it.for(markdownFiles())('lead somewhere from %s', (path) => {
    expect(deadLinks(path)).toEqual([])
  })
})
