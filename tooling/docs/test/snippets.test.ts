import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { markdownFiles, readText } from '../src/repository.ts'
import { documentedOutput, serverSnippetFiles, snippet, snippetFiles } from '../src/snippets.ts'
import { runSnippet } from './run-snippet.ts'

beforeEach(() => {
  // A run of the tests may be given a store; the programs are to run on their default.
  vi.stubEnv('EVENTSPINE_STORE', undefined)
})

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the programs of the documentation', () => {
  it.for(snippetFiles())('print what their comments say: %s', async (file) => {
    const printed = await runSnippet(file)
    expect(printed).toEqual(documentedOutput(file))
    expect(printed).not.toEqual([])
  })

  it.for([...snippetFiles(), ...serverSnippetFiles('postgres')])('stand in the documentation: %s', (file) => {
    const part = new RegExp(String.raw`<!-- generated: snippet ${file}(?:#[\w-]+)? -->`)
    expect(markdownFiles().filter((path) => part.test(readText(path)))).not.toEqual([])
  })
})

describe('splicing a snippet', () => {
  it('takes a region without the indent around it', () => {
    expect(snippet('errors.ts#is')).toMatch(/^```ts\ntry \{\n {2}await store/)
  })

  it('refuses a region or file that is not there', () => {
    expect(() => snippet('errors.ts#other')).toThrow('"other"')
    expect(() => snippet('nothing.ts')).toThrow('nothing.ts')
  })
})
