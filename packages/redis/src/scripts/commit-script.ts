import { script } from './script.ts'

/**
 * Writes a commit of several streams and documents of one partition, or of either alone: everything is judged before
 * anything is written. With a slot given, the answer is kept, and a call of that number that comes once more is given
 * the same answer and writes nothing.
 *
 * KEYS: heads, sequence, feed, revision, answers, then the key of each stream, then for each document its key and its
 * listing's.
 * ARGV: slot (empty: the call cannot come twice), number of the call, milliseconds to keep answers, number of streams,
 * number of documents, `1` for copies of lone events in the feed; then for each stream: id, expected version, number of
 * events, entry behind its time; then for each document: expectation (`*`, `-`, or `=` and the revision), `s` to set or
 * `d` to delete, value, milliseconds until it expires or empty, `1` if listed, its own key.
 * Returns `k`, then version and sequence of each stream, then the revision of each document, 0 if deleted; else `v`
 * with the number of the stream and its head, `s`, `d` with the number of the document, or `old` when the answer is no
 * longer there.
 */
export const commitScript = script(`
local slot, number = ARGV[1], tonumber(ARGV[2])
if slot ~= '' then
  local kept = redis.call('HGET', KEYS[5], slot)
  if kept then
    local known, answer = string.match(kept, '^(%d+) (.*)$')
    if tonumber(known) == number then return answer end
    if tonumber(known) > number then return 'old' end
  end
end

local streams, documents = tonumber(ARGV[4]), tonumber(ARGV[5])
local firstDocument = 6 + streams * 4
local firstDocumentKey = 5 + streams

local function judge(heads)
  if streams > 0 and (tonumber(redis.call('GET', KEYS[2])) or 0) < 0 then return 's' end
  for i = 1, streams do
    local at = 2 + i * 4
    local expected = tonumber(ARGV[at + 2])
    local head = tonumber(redis.call('HGET', KEYS[1], ARGV[at + 1])) or 0
    local fits
    if head < 0 then
      fits = -head == expected
    else
      fits = head == expected or expected == -1 or (expected == -2 and head == 0) or (expected == -3 and head > 0)
    end
    if not fits then return 'v ' .. i .. ' ' .. head end
    heads[i] = math.abs(head)
  end
  for i = 1, documents do
    local expected = ARGV[firstDocument + i * 6 - 5]
    if expected ~= '*' then
      local revision = redis.call('HGET', KEYS[firstDocumentKey + i * 2 - 1], 'r')
      if (revision and '=' .. revision or '-') ~= expected then return 'd ' .. i end
    end
  end
  return nil
end

local function write(heads)
  local answer = { 'k' }
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  for i = 1, streams do
    local at = 2 + i * 4
    local stream, count = ARGV[at + 1], tonumber(ARGV[at + 3])
    local version = heads[i] + count
    local sequence = redis.call('INCRBY', KEYS[2], count)
    local entry = now .. ARGV[at + 4]
    redis.call('HSET', KEYS[1], stream, version)
    redis.call('XADD', KEYS[5 + i], version .. '-' .. sequence, 'e', entry)
    if count == 1 and ARGV[6] == '1' then
      redis.call('XADD', KEYS[3], sequence .. '-' .. version, 'e', stream .. '\\n' .. entry)
    else
      redis.call('XADD', KEYS[3], sequence .. '-' .. version, 's', stream)
    end
    answer[#answer + 1] = version
    answer[#answer + 1] = sequence
  end
  for i = 1, documents do
    local at = firstDocument + i * 6 - 6
    local document, listing = KEYS[firstDocumentKey + i * 2 - 1], KEYS[firstDocumentKey + i * 2]
    if ARGV[at + 2] == 's' then
      -- First, since only a first write is refused for want of memory.
      local revision = redis.call('INCR', KEYS[4])
      -- Also takes away the expiry of what stood there.
      redis.call('DEL', document)
      if ARGV[at + 4] == '' then
        redis.call('HSET', document, 'r', revision, 'v', ARGV[at + 3])
      else
        local expiresAt = string.format('%d', now + tonumber(ARGV[at + 4]))
        redis.call('HSET', document, 'r', revision, 'v', ARGV[at + 3], 'x', expiresAt)
        redis.call('PEXPIREAT', document, expiresAt)
      end
      if ARGV[at + 5] == '1' then redis.call('ZADD', listing, 0, ARGV[at + 6]) end
      answer[#answer + 1] = revision
    else
      redis.call('DEL', document)
      redis.call('ZREM', listing, ARGV[at + 6])
      answer[#answer + 1] = 0
    end
  end
  return table.concat(answer, ' ')
end

local heads = {}
local answer = judge(heads) or write(heads)
if slot ~= '' then
  redis.call('HSET', KEYS[5], slot, string.format('%d', number) .. ' ' .. answer)
  redis.call('PEXPIRE', KEYS[5], ARGV[3])
end
return answer
`)
