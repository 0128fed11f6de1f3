import { entryFunctions } from './entry-functions.ts'
import { script } from './script.ts'

/**
 * A page of the feed, with the events of the streams that it names.
 *
 * KEYS: feed, sequence, hidden. ARGV: after, limit of events, limit of bytes.
 * Returns the last sequence of the partition, the id of what stands at `after`, the sequence up to which was looked,
 * the id of what is there if it is removed, then for each entry its id in the feed, its stream and its text.
 */
export const feedPageScript = script(`
${entryFunctions}
local after, limit, maxBytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local last = lastSequence(KEYS[2])

-- An event of the feed by its sequence, where no entry of the feed is left.
local function hiddenAt(sequence)
  local hidden = redis.call('HGET', KEYS[3], sequence)
  if not hidden then return nil end
  local version, stream = string.match(hidden, '^(%d+) (.*)$')
  return (removed(stream, tonumber(version)))
end

-- A removal that is under way, or broke off, hides the copies that it has not come to yet.
local firsts = {}
local function isHidden(stream, version)
  local first = firsts[stream]
  if not first then
    first = tonumber(redis.call('HGET', base .. 't:' .. stream, 'first')) or 1
    firsts[stream] = first
  end
  return version < first
end

local function resolve(entry)
  local sequence, version = place(entry[1])
  if entry[2][1] == 'e' then
    local stream, text = string.match(entry[2][2], '^([^\\n]*)\\n(.*)$')
    if isHidden(stream, version) then text = nil end
    return sequence, version, stream, text
  end
  return sequence, version, entry[2][2], (standing(entry[2][2], version))
end

local function anchorIn(sequence, version, stream, text)
  local back = sequence - after
  if text then
    local ids = idsOf(text)
    if #ids > back then return ids[#ids - back] end
  end
  if version <= back then return nil end
  local id, found = removed(stream, version - back)
  if found == after then return id end
  return nil
end

local answer = { last, '', after, '' }
local anchorSought = after > 0 and after <= last
local events, bytes = 0, 0
local from = ARGV[1]
repeat
  local want = math.min(limit - events + 1, 200)
  local entries = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', want)
  for i = 1, #entries do
    local sequence, version, stream, text = resolve(entries[i])
    if anchorSought then
      answer[2] = anchorIn(sequence, version, stream, text) or hiddenAt(after) or ''
      anchorSought = false
    end
    if sequence > after then
      if text then
        local size = #answer
        answer[size + 1] = entries[i][1]
        answer[size + 2] = stream
        answer[size + 3] = text
        events = events + math.min(countOf(text), sequence - after)
        bytes = bytes + #text
        answer[4] = ''
      else
        answer[4] = removed(stream, version) or ''
      end
      answer[3] = sequence
    end
    if events >= limit or bytes >= maxBytes then return answer end
  end
  if #entries < want then
    if anchorSought then answer[2] = hiddenAt(after) or '' end
    -- What comes behind was in the feed with its body and is removed.
    if answer[3] < last then
      answer[3] = last
      answer[4] = hiddenAt(last) or ''
    end
    return answer
  end
  from = '(' .. entries[#entries][1]
until false
`)

/**
 * The last entry of the feed. KEYS: feed, sequence, hidden. Returns its sequence and id, 0 and empty where there is none.
 */
export const feedHeadScript = script(`
${entryFunctions}
local last = lastSequence(KEYS[2])
if last == 0 then return { 0, '' } end
local entry = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local sequence, version, stream
if entry then
  sequence, version = place(entry[1])
  stream = entry[2][1] == 'e' and string.match(entry[2][2], '^([^\\n]*)\\n') or entry[2][2]
end
if sequence ~= last then
  local hidden = redis.call('HGET', KEYS[3], last)
  if not hidden then return { last, '' } end
  version, stream = string.match(hidden, '^(%d+) (.*)$')
end
local id = eventAt(stream, tonumber(version))
return { last, id or '' }
`)

/**
 * KEYS: heads. ARGV: stream id. Returns the version (negative: deleted), the first version that is left, sequence and id
 * of the last event.
 */
export const streamHeadScript = script(`
${entryFunctions}
local head = tonumber(redis.call('HGET', KEYS[1], ARGV[1])) or 0
if head == 0 then return { 0 } end
local id, sequence = eventAt(ARGV[1], math.abs(head))
local first = redis.call('HGET', base .. 't:' .. ARGV[1], 'first')
return { head, tonumber(first) or 1, sequence or 0, id or '' }
`)
