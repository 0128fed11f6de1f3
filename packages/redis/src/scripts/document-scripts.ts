import { script } from './script.ts'

/**
 * A page of a collection by the bytes of its keys. What has expired leaves the listing in passing.
 *
 * KEYS: listing, what begins the keys of its documents. ARGV: prefix, the key after which to begin or empty, limit of
 * documents, limit of bytes.
 * Returns the key after which the next page begins or empty, then for each document its key, revision, expiry or empty,
 * and value.
 */
export const listScript = script(`
local limit, maxBytes = tonumber(ARGV[3]), tonumber(ARGV[4])
local answer = { '' }
local documents, bytes, looked = 0, 0, 0
local from = ARGV[2] ~= '' and '(' .. ARGV[2] or '[' .. ARGV[1]
-- No UTF-8 has the byte 255.
local upTo = '(' .. ARGV[1] .. '\\255'
local last = ''
repeat
  local keys = redis.call('ZRANGEBYLEX', KEYS[1], from, upTo, 'LIMIT', 0, 100)
  for i = 1, #keys do
    if documents >= limit or bytes >= maxBytes or looked >= 10000 then
      answer[1] = last
      return answer
    end
    local document = redis.call('HMGET', KEYS[2] .. keys[i], 'r', 'x', 'v')
    if document[1] then
      local size = #answer
      answer[size + 1] = keys[i]
      answer[size + 2] = document[1]
      answer[size + 3] = document[2] or ''
      answer[size + 4] = document[3]
      documents = documents + 1
      bytes = bytes + #document[3]
    else
      redis.call('ZREM', KEYS[1], keys[i])
    end
    last = keys[i]
    looked = looked + 1
  end
  if #keys < 100 then return answer end
  from = '(' .. keys[#keys]
until false
`)
