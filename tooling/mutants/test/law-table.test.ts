import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { LAWS } from '@eventspine/conformance'
import { describe, it } from 'vitest'
import { allMutants } from '../src/all-mutants.ts'
import { allCases, unpadded, withLawTable } from '../src/law-table.ts'

const page = readFileSync(new URL('../../../docs/conformance.md', import.meta.url), 'utf8')
const ids = new Set(allCases.map(({ id }) => id))

describe('the page of laws, cases and mutants', () => {
  it('is what the script prints now', () => {
    assert.equal(unpadded(page), unpadded(withLawTable(page)), 'run print-table of @eventspine/mutants')
  })

  it('names only cases that there are', () => {
    const named = [...page.matchAll(/`((?!tooling\/)[a-z]+(?:-[a-z]+)*\/[a-z0-9-]+)`/g)].map(
      ([, id = '']) => id,
    )
    assert.ok(named.length > 100, 'the page names hardly any case')
    assert.deepEqual(
      named.filter((id) => !ids.has(id)),
      [],
    )
  })

  it('names only mutants that there are', () => {
    const named = [...page.matchAll(/`([A-Z]\d+\/[a-z0-9-]+)`/g)].map(([, id = '']) => id)
    assert.ok(named.length > 10, 'the page names hardly any mutant')
    assert.deepEqual(
      named.filter((name) => !allMutants.some(({ id }) => id === name)),
      [],
    )
  })

  it('gives every law a case', () => {
    for (const law of Object.keys(LAWS)) {
      assert.ok(
        allCases.some(({ laws }) => laws.some((proven) => proven === law)),
        `no case proves ${law}`,
      )
    }
  })

  it('gives every case and every mutant a name of its own', () => {
    assert.equal(ids.size, allCases.length)
    assert.equal(new Set(allMutants.map(({ id }) => id)).size, allMutants.length)
    for (const { id, law } of allMutants) assert.ok(id.startsWith(`${law}/`), id)
  })
})
