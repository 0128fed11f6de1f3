/**
 * What scripts share that look into entries. `base` begins the keys of the partition: those of streams which the feed
 * names cannot be told beforehand, and are in the same slot.
 */
export const entryFunctions = `
local base = string.match(KEYS[1], '^(.*:)[a-z]+$')

-- Version and sequence of an entry of a stream; the other way round of one of the feed.
local function place(id)
  local first, second = string.match(id, '^(%d+)%-(%d+)$')
  return tonumber(first), tonumber(second)
end

-- How many events the commit of an entry had.
local function countOf(text)
  return tonumber(string.match(text, '^%-?%d+ (%d+)\\n')) or 1
end

-- Ids of the events in an entry; of a commit that was cut, of those that are left.
local function idsOf(text)
  local ids = {}
  local position = string.find(text, '\\n', 1, true)
  while position do
    ids[#ids + 1] = string.match(text, '^%d+ %d+ (%S+)', position + 1)
    for line = 1, 3 do
      position = string.find(text, '\\n', position + 1, true)
      if not position then break end
    end
  end
  return ids
end

-- The entry of a stream that begins what was left of a commit by a truncation.
local function restOf(stream)
  local rest = redis.call('HGET', base .. 't:' .. stream, 'rest')
  if not rest then return nil end
  local id, text = string.match(rest, '^(%S+)\\n(.*)$')
  return id, text
end

-- The entry whose last event has this version, unless all of it is removed.
local function standing(stream, version)
  local found = redis.call('XRANGE', base .. 's:' .. stream, version, version)[1]
  if found then return found[2][2], found[1] end
  local id, text = restOf(stream)
  if id and place(id) == version then return text, id end
  return nil
end

-- Id and sequence of a removed event.
local function removed(stream, version)
  local tombstone = redis.call('HGET', base .. 't:' .. stream, version)
  if tombstone then
    local id, sequence = string.match(tombstone, '^(%S+) (%d+)$')
    return id, tonumber(sequence)
  end
  local found = redis.call('XRANGE', base .. 'g:' .. stream, version, '+', 'COUNT', 1)[1]
  if not found then return nil end
  local last, sequence = place(found[1])
  local ids = idsOf(found[2][2])
  local index = #ids - (last - version)
  if index < 1 then return nil end
  return ids[index], sequence - (last - version)
end

-- Id and sequence of the event of this version, removed or not; nothing where there never was one.
local function eventAt(stream, version)
  local found = redis.call('XRANGE', base .. 's:' .. stream, version, '+', 'COUNT', 1)[1]
  local entry, text
  if found then
    entry, text = found[1], found[2][2]
    local last = place(entry)
    if version <= last - countOf(text) then entry = nil end
  end
  if not entry then
    entry, text = restOf(stream)
  end
  if entry then
    local last, sequence = place(entry)
    local ids = idsOf(text)
    local index = #ids - (last - version)
    if index >= 1 and index <= #ids then return ids[index], sequence - (last - version) end
  end
  return removed(stream, version)
end

-- The last sequence of the partition, whether it is sealed or not.
local function lastSequence(key)
  local value = tonumber(redis.call('GET', key)) or 0
  return value < 0 and -value - 1 or value
end
`
