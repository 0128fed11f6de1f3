import { script } from '../scripts/script.ts'

/*
 * Groups without order are consumer groups of the Redis Stream itself. The server keeps who has which entry in hand,
 * since when and how often it was handed out; `RETRYCOUNT` carries the tries that a member made by itself.
 *
 * KEYS: log, then head or parked where said. ARGV: group, member, then as said.
 * All but `joinScript` return `gone` where the group does not exist.
 */

const common = `
local log, group, member = KEYS[1], ARGV[1], ARGV[2]

local function entryId(sequence)
  return string.format('%d-0', sequence)
end

-- How often an entry was handed out, if this member has it in hand.
local function inHand(id)
  local found = redis.call('XPENDING', log, group, id, id, 1)[1]
  return found and found[2] == member and found[4] or nil
end

local function missing()
  local groups = redis.pcall('XINFO', 'GROUPS', log)
  if groups.err then return true end
  for i = 1, #groups do
    for j = 1, #groups[i], 2 do
      if groups[i][j] == 'name' and groups[i][j + 1] == group then return false end
    end
  end
  return true
end
`

/**
 * Makes the group where it is missing, and forgets members that are long gone and have nothing in hand.
 *
 * ARGV: where a new group begins: an id or `$`; milliseconds of silence after which a member is gone.
 */
export const joinScript = script(`
${common}
local made = redis.pcall('XGROUP', 'CREATE', log, group, ARGV[3], 'MKSTREAM')
if made.err and string.sub(made.err, 1, 9) ~= 'BUSYGROUP' then return made end
local members = redis.call('XINFO', 'CONSUMERS', log, group)
for i = 1, #members do
  local found = {}
  for j = 1, #members[i], 2 do found[members[i][j]] = members[i][j + 1] end
  if found.pending == 0 and found.idle > tonumber(ARGV[4]) then
    redis.call('XGROUP', 'DELCONSUMER', log, group, found.name)
  end
end
redis.call('XGROUP', 'CREATECONSUMER', log, group, member)
return 1
`)

/**
 * Takes entries: with a cursor, those that were left alone, and where that leaves room, new ones.
 *
 * KEYS: log, head. ARGV: limit, cursor or empty, milliseconds after which an entry is left alone.
 * Returns the next cursor, the last sequence of the log, then for each entry its id, text and tries.
 */
export const takeScript = script(`
${common}
if missing() then return 'gone' end
local limit, cursor = tonumber(ARGV[3]), ARGV[4]
local answer = { '', redis.call('GET', KEYS[2]) or 0 }
local function add(entry, tries)
  local size = #answer
  answer[size + 1] = entry[1]
  answer[size + 2] = entry[2][2]
  answer[size + 3] = tries
end
if cursor ~= '' then
  local claimed = redis.call('XAUTOCLAIM', log, group, member, ARGV[5], cursor, 'COUNT', limit)
  if claimed[1] ~= '0-0' then answer[1] = claimed[1] end
  for i = 1, #claimed[2] do
    local entry = claimed[2][i]
    -- Older servers name what was trimmed by force with nothing in it.
    if entry and entry[2] then
      add(entry, inHand(entry[1]) or 1)
      limit = limit - 1
    end
  end
end
if limit > 0 then
  local streams = redis.call('XREADGROUP', 'GROUP', group, member, 'COUNT', limit, 'STREAMS', log, '>')
  if streams then
    local entries = streams[1][2]
    for i = 1, #entries do add(entries[i], 1) end
  end
end
return answer
`)

/**
 * Says that entries are in hand still. ARGV: sequence and tries of each, after the milliseconds since when they count as
 * held: 0, or more to let others have them.
 * Returns the sequences of those that this member has no more.
 */
export const extendScript = script(`
${common}
if missing() then return 'gone' end
local lost = {}
for i = 4, #ARGV, 2 do
  local id = entryId(ARGV[i])
  if inHand(id) then
    redis.call('XCLAIM', log, group, member, 0, id, 'IDLE', ARGV[3], 'RETRYCOUNT', ARGV[i + 1], 'JUSTID')
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
`)

/** Entries are done. ARGV: their sequences. */
export const finishScript = script(`
${common}
if missing() then return 'gone' end
for i = 3, #ARGV do redis.call('XACK', log, group, entryId(ARGV[i])) end
return 1
`)

/**
 * Gives one entry up. KEYS: log, parked. ARGV: sequence, most that the group may have given up, tries and error in one text.
 * Returns `parked`, `full` or `lost`.
 */
export const parkScript = script(`
${common}
if missing() then return 'gone' end
local id = entryId(ARGV[3])
if not inHand(id) then return 'lost' end
local parked, count = redis.call('HKEYS', KEYS[2]), 0
for i = 1, #parked do
  if string.match(parked[i], '^%d+ (.*)$') == group then count = count + 1 end
end
if count >= tonumber(ARGV[4]) then return 'full' end
redis.call('HSET', KEYS[2], ARGV[3] .. ' ' .. group, ARGV[5])
redis.call('XACK', log, group, id)
return 'parked'
`)

/** A member goes: what it has in hand is let go, and it itself where nothing is. ARGV: milliseconds to let others have it. */
export const leaveScript = script(`
${common}
if missing() then return 'gone' end
local from, left = '-', 0
repeat
  local pending = redis.call('XPENDING', log, group, from, '+', 1000, member)
  for i = 1, #pending do
    redis.call('XCLAIM', log, group, member, 0, pending[i][1], 'IDLE', ARGV[3], 'JUSTID')
  end
  left = left + #pending
  if #pending > 0 then from = '(' .. pending[#pending][1] end
until #pending < 1000
if left == 0 then redis.call('XGROUP', 'DELCONSUMER', log, group, member) end
return 1
`)

/**
 * How far a group is. KEYS: log, parked. The member is empty.
 * Returns the last sequence that was handed out, entries in hand, the first of them or 0, parked ones, members.
 */
export const stateScript = script(`
${common}
if missing() then return 'gone' end
local answer = { 0, 0, 0, 0, 0 }
local groups = redis.call('XINFO', 'GROUPS', log)
for i = 1, #groups do
  local found = {}
  for j = 1, #groups[i], 2 do found[groups[i][j]] = groups[i][j + 1] end
  if found.name == group then
    answer[1] = tonumber(string.match(found['last-delivered-id'], '^%d+'))
    answer[5] = found.consumers
  end
end
local pending = redis.call('XPENDING', log, group)
answer[2] = pending[1]
if pending[1] > 0 then answer[3] = tonumber(string.match(pending[2], '^%d+')) end
local parked = redis.call('HKEYS', KEYS[2])
for i = 1, #parked do
  if string.match(parked[i], '^%d+ (.*)$') == group then answer[4] = answer[4] + 1 end
end
return answer
`)

/** What a group has given up. KEYS: log, parked. Returns sequence, and tries and error in one text, of each. */
export const parkedScript = script(`
${common}
local all, answer = redis.call('HGETALL', KEYS[2]), {}
for i = 1, #all, 2 do
  local sequence, owner = string.match(all[i], '^(%d+) (.*)$')
  if owner == group then
    answer[#answer + 1] = sequence
    answer[#answer + 1] = all[i + 1]
  end
end
return answer
`)

/**
 * Takes an entry off the list. KEYS: log, parked. ARGV: sequence, `1` to hand it out again. It is handed out like one
 * that was left alone for very long. Returns 1 if it was listed and, to be handed out again, is still there.
 */
export const unparkScript = script(`
${common}
if missing() then return 'gone' end
local field = ARGV[3] .. ' ' .. group
if redis.call('HEXISTS', KEYS[2], field) == 0 then return 0 end
if ARGV[4] == '1' then
  local claimed = redis.call('XCLAIM', log, group, '$parked', 0, entryId(ARGV[3]), 'IDLE', 4294967296, 'RETRYCOUNT', 0, 'FORCE', 'JUSTID')
  if #claimed == 0 then return 0 end
end
redis.call('HDEL', KEYS[2], field)
return 1
`)
