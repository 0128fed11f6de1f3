import { expect, it } from 'vitest'

it('exports what the README names', async () => {
  expect(Object.keys(await import('@eventspine/redis')).sort()).toMatchInlineSnapshot(`
    [
      "createStore",
      "openUrl",
      "redis",
      "redisStream",
    ]
  `)
})
