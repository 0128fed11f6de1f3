import { script } from './script.ts'

/**
 * Appends to one stream. A counter that is raised and then looked at is one call less than one that is read and then
 * raised, so what is refused is taken back. A negative head is that of a deleted stream; a negative sequence, one less
 * than its opposite, that of a sealed partition.
 *
 * KEYS: heads, sequence, stream, feed.
 * ARGV: stream id, expected version (-1 any, -2 none, -3 exists), number of events, entry behind its time, `1` for a
 * copy of a lone event in the feed.
 * Returns the version and sequence of the last event, else 0, the head and why: `v` (version), `s` (sealed).
 */
export const appendScript = script(`
local stream, expected, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local version = redis.call('HINCRBY', KEYS[1], stream, count)
local head = version - count
if head < 0 or (head ~= expected and expected ~= -1) then
  if head < 0 and -head == expected then
    version = expected + count
    redis.call('HSET', KEYS[1], stream, version)
  elseif head < 0 or not ((expected == -2 and head == 0) or (expected == -3 and head > 0)) then
    if head == 0 then
      redis.call('HDEL', KEYS[1], stream)
    else
      redis.call('HINCRBY', KEYS[1], stream, -count)
    end
    return { 0, head, 'v' }
  end
end
local sequence = redis.call('INCRBY', KEYS[2], count)
if sequence < count then
  redis.call('DECRBY', KEYS[2], count)
  if head == 0 then
    redis.call('HDEL', KEYS[1], stream)
  else
    redis.call('HSET', KEYS[1], stream, head)
  end
  return { 0, head, 's' }
end
local time = redis.call('TIME')
local entry = time[1] * 1000 + math.floor(time[2] / 1000) .. ARGV[4]
redis.call('XADD', KEYS[3], version .. '-' .. sequence, 'e', entry)
if count == 1 and ARGV[5] then
  redis.call('XADD', KEYS[4], sequence .. '-' .. version, 'e', stream .. '\\n' .. entry)
else
  redis.call('XADD', KEYS[4], sequence .. '-' .. version, 's', stream)
end
return { version, sequence }
`)
