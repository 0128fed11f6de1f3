import { expect, it } from 'vitest'
import * as payloads from '../src/index.ts'

it('exports what the README names', () => {
  expect(Object.keys(payloads).sort()).toMatchInlineSnapshot(`
    [
      "collectOrphans",
      "openWithPayloads",
      "withPayloads",
    ]
  `)
})
