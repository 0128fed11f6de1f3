import { entryFunctions } from './entry-functions.ts'
import { script } from './script.ts'

/**
 * Stores recorded events of one partition, all or none: each as an entry of its own.
 *
 * KEYS: heads, sequence, feed. ARGV: `1` for copies in the feed, then for each event: stream id, version, id, entry.
 * Returns `k` with version and sequence of the last event, written or passed over; else `s`, `v` (another version, with
 * the number of the event and the head) or `r` (another id stands there, with the number of the event).
 */
export const importScript = script(`
${entryFunctions}
if (tonumber(redis.call('GET', KEYS[2])) or 0) < 0 then return 's' end
local count = (#ARGV - 1) / 4
local last = lastSequence(KEYS[2])
local heads, written, fresh, order = {}, {}, {}, {}
local answerVersion, answerSequence = 0, 0

for i = 1, count do
  local at = i * 4 - 2
  local stream, version, id = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]
  local head = heads[stream]
  if not head then
    head = math.abs(tonumber(redis.call('HGET', KEYS[1], stream)) or 0)
    heads[stream] = head
    written[stream] = {}
  end
  if head == 0 or version == head + 1 then
    last = last + 1
    if head == 0 then fresh[stream] = version end
    heads[stream] = version
    written[stream][version] = { id, last }
    order[#order + 1] = { at, last }
    answerVersion, answerSequence = version, last
  else
    local there, sequence
    local own = written[stream][version]
    if own then
      there, sequence = own[1], own[2]
    elseif version <= head and not fresh[stream] then
      there, sequence = eventAt(stream, version)
    end
    if not there then return 'v ' .. i .. ' ' .. head end
    if there ~= id then return 'r ' .. i end
    answerVersion, answerSequence = version, sequence
  end
end

for i = 1, #order do
  local at, sequence = order[i][1], order[i][2]
  local stream, version, entry = ARGV[at], ARGV[at + 1], ARGV[at + 3]
  redis.call('INCR', KEYS[2])
  redis.call('XADD', base .. 's:' .. stream, version .. '-' .. sequence, 'e', entry)
  if ARGV[1] == '1' then
    redis.call('XADD', KEYS[3], sequence .. '-' .. version, 'e', stream .. '\\n' .. entry)
  else
    redis.call('XADD', KEYS[3], sequence .. '-' .. version, 's', stream)
  end
  redis.call('HSET', KEYS[1], stream, version)
end
for stream, version in pairs(fresh) do
  if version > 1 then redis.call('HSET', base .. 't:' .. stream, 'first', version) end
end
return 'k ' .. answerVersion .. ' ' .. answerSequence
`)
