import { expect, it } from 'vitest'

it('exports what the README names', async () => {
  expect(Object.keys(await import('@eventspine/couchbase')).sort()).toMatchInlineSnapshot(`
    [
      "couchbase",
      "createStore",
      "openUrl",
    ]
  `)
})
