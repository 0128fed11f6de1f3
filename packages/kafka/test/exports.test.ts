import { expect, it } from 'vitest'

it('exports what the README names', async () => {
  expect(Object.keys(await import('@eventspine/kafka')).sort()).toMatchInlineSnapshot(`
    [
      "createTopic",
      "kafka",
      "openUrl",
    ]
  `)
})
