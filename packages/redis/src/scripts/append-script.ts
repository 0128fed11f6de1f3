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
local call = redis.call
local stream, expected, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local version = call('HINCRBY', KEYS[1], stream, ARGV[3])
local head = version - count
if head < 0 or (head ~= expected and expected ~= -1) then
  if head < 0 and -head == expected then
    version = expected + count
    call('HSET', KEYS[1], stream, version)
  elseif head < 0 or not ((expected == -2 and head == 0) or (expected == -3 and head > 0)) then
    if head == 0 then
      call('HDEL', KEYS[1], stream)
    else
      call('HINCRBY', KEYS[1], stream, -count)
    end
    return { 0, head, 'v' }
  end
end
local sequence = call('INCRBY', KEYS[2], ARGV[3])
if sequence < count then
  call('DECRBY', KEYS[2], count)
  if head == 0 then
    call('HDEL', KEYS[1], stream)
  else
    call('HSET', KEYS[1], stream, head)
  end
  return { 0, head, 's' }
end
local time = call('TIME')
local entry = string.format('%d', time[1] * 1000 + time[2] / 1000) .. ARGV[4]
local v, s = string.format('%d', version), string.format('%d', sequence)
call('XADD', KEYS[3], v .. '-' .. s, 'e', entry)
if ARGV[5] and count == 1 then
  call('XADD', KEYS[4], s .. '-' .. v, 'e', stream .. '\\n' .. entry)
else
  call('XADD', KEYS[4], s .. '-' .. v, 's', stream)
end
return { version, sequence }
`)
