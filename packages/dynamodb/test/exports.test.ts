import { expect, it } from 'vitest'

it('exports what the README names', async () => {
  expect(Object.keys(await import('@eventspine/dynamodb')).sort()).toMatchInlineSnapshot(`
    [
      "createStore",
      "createTable",
      "dynamodb",
      "openUrl",
    ]
  `)
})
