import { script } from '../scripts/script.ts'

/**
 * Publishes a batch to one partition. With a slot given, the answer is kept, and a call of that number that comes once
 * more is given the same answer and writes nothing.
 *
 * KEYS: log, head, answers.
 * ARGV: slot (empty: the call cannot come twice), number of the call, milliseconds to keep answers, then the events
 * behind their times.
 * Returns the sequence of the first event, or `old` when the answer is no longer there.
 */
export const publishScript = script(`
local slot, number = ARGV[1], tonumber(ARGV[2])
if slot ~= '' then
  local kept = redis.call('HGET', KEYS[3], slot)
  if kept then
    local known, first = string.match(kept, '^(%d+) (%d+)$')
    if tonumber(known) == number then return tonumber(first) end
    if tonumber(known) > number then return 'old' end
  end
end
local count = #ARGV - 3
-- The only write that may be refused for want of memory is a first one.
local before = redis.call('INCRBY', KEYS[2], count) - count
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 1, count do
  redis.call('XADD', KEYS[1], string.format('%d-0', before + i), 'e', now .. ARGV[3 + i])
end
if slot ~= '' then
  redis.call('HSET', KEYS[3], slot, string.format('%d %d', number, before + 1))
  redis.call('PEXPIRE', KEYS[3], ARGV[3])
end
return before + 1
`)

/**
 * Lets old entries go, some thousand a call. Without force, what a group without order has not been handed, has in
 * hand or has parked stays.
 *
 * KEYS: log, head, parked, trimmed.
 * ARGV: events to keep at least as wanted, or -1; milliseconds that events are kept, or -1; the first sequence that
 * ordered groups need, or -1; `1` to force; the most entries to let go.
 * Returns the first sequence that is kept, and `1` when more may go.
 */
export const trimScript = script(`
local function sequenceOf(id)
  return tonumber(string.match(id, '^(%d+)'))
end
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local head = tonumber(redis.call('GET', KEYS[2])) or 0
if not first then return { head + 1, 0 } end
local low = sequenceOf(first[1])
local keepFrom = low
if tonumber(ARGV[1]) >= 0 then keepFrom = math.max(keepFrom, head - tonumber(ARGV[1]) + 1) end
if tonumber(ARGV[2]) >= 0 then
  local time = redis.call('TIME')
  local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[2])
  -- The first entry that is young enough, by halves: entries were written in this order.
  local from, to = low, head + 1
  while from < to do
    local middle = math.floor((from + to) / 2)
    local entry = redis.call('XRANGE', KEYS[1], string.format('%d', middle), '+', 'COUNT', 1)[1]
    local writtenAt = entry and tonumber(string.match(entry[2][2], '^%d+'))
    if writtenAt and writtenAt < oldest then
      from = sequenceOf(entry[1]) + 1
    else
      to = middle
    end
  end
  keepFrom = math.max(keepFrom, from)
end
keepFrom = math.min(keepFrom, head + 1)
if ARGV[4] ~= '1' then
  if tonumber(ARGV[3]) >= 0 then keepFrom = math.min(keepFrom, tonumber(ARGV[3])) end
  local groups = redis.call('XINFO', 'GROUPS', KEYS[1])
  for i = 1, #groups do
    local name, last
    for j = 1, #groups[i], 2 do
      if groups[i][j] == 'name' then name = groups[i][j + 1] end
      if groups[i][j] == 'last-delivered-id' then last = groups[i][j + 1] end
    end
    keepFrom = math.min(keepFrom, sequenceOf(last) + 1)
    local pending = redis.call('XPENDING', KEYS[1], name)
    if pending[1] > 0 then keepFrom = math.min(keepFrom, sequenceOf(pending[2])) end
  end
  local parked = redis.call('HKEYS', KEYS[3])
  for i = 1, #parked do
    keepFrom = math.min(keepFrom, sequenceOf(parked[i]))
  end
end
if keepFrom <= low then return { low, 0 } end
local upTo = math.min(keepFrom, low + tonumber(ARGV[5]))
local last = redis.call('XREVRANGE', KEYS[1], string.format('%d', upTo - 1), '-', 'COUNT', 1)[1]
if last then
  local id = string.match(last[2][2], '^[^\\n]*\\n[^\\n]*\\n%d+ %d+ (%S+)')
  redis.call('SET', KEYS[4], string.format('%d ', upTo - 1) .. (id or ''))
end
redis.call('XTRIM', KEYS[1], 'MINID', string.format('%d-0', upTo))
return { upTo, upTo < keepFrom and 1 or 0 }
`)
