import { script } from '../scripts/script.ts'

/*
 * A relay writes one partition of its source into any number of slots, one script call each. Every slot remembers the
 * last source sequence that it has, and passes over what is at or below it; the home slot is written last, and
 * remembers the position up to which all slots are complete, with what each of them must have by then. A slot that has
 * less has lost data, and the relay goes back to there.
 */

/**
 * Remembers the partition count of a source. KEYS: source. ARGV: count. Returns the count that stands.
 */
export const relaySourceScript = script(`
redis.call('HSETNX', KEYS[1], 'partitions', ARGV[1])
return redis.call('HGET', KEYS[1], 'partitions')
`)

/**
 * Opens a session in one slot. KEYS: relay. ARGV: epoch to reach at least, `1` to make a new one.
 * Returns the epoch that stands, then all fields.
 */
export const openRelayScript = script(`
local standing = tonumber(redis.call('HGET', KEYS[1], 'epoch')) or 0
local epoch = tonumber(ARGV[1])
if ARGV[2] == '1' then
  epoch = math.max(epoch, standing + 1)
elseif epoch < standing then
  return { standing }
end
redis.call('HSET', KEYS[1], 'epoch', epoch)
local answer = redis.call('HGETALL', KEYS[1])
table.insert(answer, 1, epoch)
return answer
`)

/**
 * Writes events into one slot. KEYS: log, head, relay.
 * ARGV: epoch, `1` in the home slot, sequence of the position, its check, number of slots touched, for each its number and
 * the last source sequence that it now has, then for each event its source sequence, its check and its entry behind the time.
 * Returns 1, or 0 when another session was opened.
 */
export const relayScript = script(`
local standing = redis.call('HMGET', KEYS[3], 'epoch', 'sequence', 'position')
if standing[1] ~= ARGV[1] then return 0 end
local last = tonumber(standing[2]) or 0
local touched = tonumber(ARGV[5])
local first = 6 + touched * 2
local from = first
while from <= #ARGV and tonumber(ARGV[from]) <= last do from = from + 3 end
local count = (#ARGV - from + 1) / 3
if count > 0 then
  -- The only write that may be refused for want of memory is a first one.
  local before = redis.call('INCRBY', KEYS[2], count) - count
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  for i = 1, count do
    redis.call('XADD', KEYS[1], string.format('%d-0', before + i), 'e', now .. ARGV[from + i * 3 - 1])
  end
  redis.call('HSET', KEYS[3], 'sequence', ARGV[#ARGV - 2], 'check', ARGV[#ARGV - 1])
end
if ARGV[2] == '1' then
  for i = 6, first - 1, 2 do
    local slot = 'slot:' .. ARGV[i]
    local known = tonumber(redis.call('HGET', KEYS[3], slot)) or 0
    if known < tonumber(ARGV[i + 1]) then redis.call('HSET', KEYS[3], slot, ARGV[i + 1]) end
  end
  if (tonumber(standing[3]) or 0) <= tonumber(ARGV[3]) then
    redis.call('HSET', KEYS[3], 'position', ARGV[3], 'positionCheck', ARGV[4])
  end
end
return 1
`)
