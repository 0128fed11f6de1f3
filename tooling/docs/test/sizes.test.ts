import { describe, expect, it } from 'vitest'
import { markdownFiles, readText } from '../src/repository.ts'

const linesOf = (path: string): number => readText(path).split('\n').length - 1
const packageReadmes = markdownFiles().filter((path) => /^packages\/[^/]+\/README\.md$/.test(path))

describe('the length of pages that everybody reads', () => {
  it('is at most 200 lines for the README', () => {
    expect(linesOf('README.md')).toBeLessThanOrEqual(200)
  })

  it.for(packageReadmes)('is at most 150 lines for %s', (path) => {
    expect(linesOf(path)).toBeLessThanOrEqual(150)
  })
})
