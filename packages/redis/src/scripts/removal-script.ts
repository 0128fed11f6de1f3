import { entryFunctions } from './entry-functions.ts'
import { script } from './script.ts'

/**
 * Removes events of one stream, a bounded number a call, oldest first; to be called again while it says so. A deletion
 * first renames the stream, which hides all of it at once, then buries what the grave holds. A truncation is at every
 * step a smaller truncation.
 *
 * KEYS: heads, feed, hidden. ARGV: stream id, `delete` or `truncate`, first version that stays, expected version as in
 * an append or empty when the first call has judged it, entries a call, bytes a call.
 * Returns a word and the version: `done`; `more`; `again` (more, with the expectation to be judged still); `version` (it is
 * another); `bound` (it lies past the next version).
 */
export const removalScript = script(`
${entryFunctions}
local stream, kind, before = ARGV[1], ARGV[2], tonumber(ARGV[3])
local live, tombs, grave = base .. 's:' .. stream, base .. 't:' .. stream, base .. 'g:' .. stream
local mostEntries, mostBytes = tonumber(ARGV[5]), tonumber(ARGV[6])

-- Leaves ids in the place of events below \`bound\`. Returns the text of those that stay, if any.
local function bury(entry, text, bound)
  local last, sequence = place(entry)
  local ids = idsOf(text)
  local stays
  for i = 1, #ids do
    local back = #ids - i
    if not bound or last - back < bound then
      redis.call('HSET', tombs, last - back, ids[i] .. ' ' .. string.format('%d', sequence - back))
    else
      stays = stays or i
    end
  end
  -- A lone event may have a copy in the feed.
  if countOf(text) == 1 then
    local id = string.format('%d-%d', sequence, last)
    local copy = redis.call('XRANGE', KEYS[2], id, id)[1]
    if copy and copy[2][1] == 'e' then
      redis.call('XDEL', KEYS[2], id)
      redis.call('HSET', KEYS[3], sequence, string.format('%d', last) .. ' ' .. stream)
    end
  end
  if not stays then return nil end
  local position = string.find(text, '\\n', 1, true)
  local head = string.sub(text, 1, position - 1)
  for line = 1, (stays - 1) * 3 do
    position = string.find(text, '\\n', position + 1, true)
  end
  return head .. string.sub(text, position)
end

local function buryRest(bound)
  local entry, text = restOf(stream)
  if not entry then return end
  local left = bury(entry, text, bound)
  if left then
    redis.call('HSET', tombs, 'rest', entry .. '\\n' .. left)
  else
    redis.call('HDEL', tombs, 'rest')
  end
end

-- Whether more is to be done.
local function buryEntries(key, bound)
  local entries, bytes, buried = 0, 0, nil
  while entries < mostEntries and bytes < mostBytes do
    local found = redis.call('XRANGE', key, buried and '(' .. buried or '-', '+', 'COUNT', 8)
    for i = 1, #found do
      local entry, text = found[i][1], found[i][2][2]
      local last = place(entry)
      if bound and last - countOf(text) + 1 >= bound then
        found = {}
        break
      end
      local left = bury(entry, text, bound)
      if left then redis.call('HSET', tombs, 'rest', entry .. '\\n' .. left) end
      entries = entries + 1
      bytes = bytes + #text
      buried = entry
    end
    if #found < 8 then
      if buried then redis.call('XTRIM', key, 'MINID', place(buried) + 1) end
      return false
    end
  end
  local last = place(buried)
  redis.call('XTRIM', key, 'MINID', last + 1)
  if bound then redis.call('HSET', tombs, 'first', math.min(last + 1, bound)) end
  return true
end

local head = tonumber(redis.call('HGET', KEYS[1], stream)) or 0
local version = math.abs(head)
local expected = tonumber(ARGV[4])
if expected then
  local fits = expected == version or expected == -1
  if expected < -1 then fits = (expected == -2) == (version == 0) end
  if not fits then return { 'version', version } end
  if head > 0 and kind == 'truncate' and before > head + 1 then return { 'bound', version } end
end

if kind == 'truncate' then
  if head <= 0 or before < 2 then return { 'done', version } end
  local first = tonumber(redis.call('HGET', tombs, 'first')) or 1
  if before <= first then return { 'done', version } end
  buryRest(before)
  if buryEntries(live, before) then return { 'more', version } end
  redis.call('HSET', tombs, 'first', before)
  return { 'done', version }
end

-- What an earlier deletion left, before the stream was opened again or since a crash.
if redis.call('EXISTS', grave) == 1 then
  if buryEntries(grave) then return { head > 0 and expected and 'again' or 'more', version } end
  redis.call('DEL', grave)
end
if head <= 0 or not expected then return { 'done', version } end
redis.call('HSET', KEYS[1], stream, -version)
redis.call('HSET', tombs, 'first', version + 1)
buryRest()
if redis.call('EXISTS', live) == 0 then return { 'done', version } end
redis.call('RENAME', live, grave)
if buryEntries(grave) then return { 'more', version } end
redis.call('DEL', grave)
return { 'done', version }
`)
