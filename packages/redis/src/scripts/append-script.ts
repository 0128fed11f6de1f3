import { script } from './script.ts'

/**
 * Appends commits of one stream each, in order, each with a verdict of its own. A counter that is raised and then looked
 * at is one call less than one that is read and then raised, so what is refused is taken back. A negative head is that of
 * a deleted stream; a negative sequence, one less than its opposite, that of a sealed partition.
 *
 * KEYS: heads, sequence, feed, answers, then the stream of each commit.
 * ARGV: slot and number of the call if it may come twice, milliseconds to keep its answer, `1` for a copy of lone events
 * in the feed, then for each commit: stream id, expected version (-1 any, -2 none, -3 exists), number of events, entry
 * behind its time.
 * Returns two numbers a commit: version and sequence of its last event; 0 and the head when the version does not fit; -1
 * and 0 when the partition is sealed. Joined by spaces, or `old` when the answer is no longer there.
 */
export const appendScript = script(`
local call = redis.call
local guarded = ARGV[1] ~= ''
if guarded then
  local kept = call('HGET', KEYS[4], ARGV[1])
  if kept then
    local known, answer = string.match(kept, '^(%d+) (.*)$')
    if tonumber(known) == tonumber(ARGV[2]) then return answer end
    if tonumber(known) > tonumber(ARGV[2]) then return 'old' end
  end
end

local commits = #KEYS - 4
local answer, versions, total = {}, {}, 0
for i = 1, commits do
  local at = i * 4
  local stream, expected, count = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local version = call('HINCRBY', KEYS[1], stream, count)
  local head = version - count
  local fits
  if head < 0 then
    -- Whoever knows where a deleted stream ended may go on with it.
    fits = -head == expected
    if fits then
      version = expected + count
      call('HSET', KEYS[1], stream, version)
    end
  else
    fits = head == expected or expected == -1 or (expected == -2 and head == 0) or (expected == -3 and head > 0)
  end
  if not fits then
    version = nil
    answer[i * 2 - 1] = 0
    answer[i * 2] = head
    if head == 0 then
      call('HDEL', KEYS[1], stream)
    else
      call('HINCRBY', KEYS[1], stream, -count)
    end
  end
  if version then
    versions[i] = { version, head }
    total = total + count
  end
end

if total > 0 then
  local last = call('INCRBY', KEYS[2], total)
  if last < total then
    call('DECRBY', KEYS[2], total)
    -- Backwards: of commits that share a stream the first knows where it was.
    for i = commits, 1, -1 do
      if versions[i] then
        local head = versions[i][2]
        if head == 0 then
          call('HDEL', KEYS[1], ARGV[i * 4 + 1])
        else
          call('HSET', KEYS[1], ARGV[i * 4 + 1], head)
        end
        answer[i * 2 - 1] = -1
        answer[i * 2] = 0
      end
    end
  else
    local time = call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local sequence = last - total
    for i = 1, commits do
      if versions[i] then
        local at = i * 4
        local stream, version = ARGV[at + 1], versions[i][1]
        local entry = now .. ARGV[at + 4]
        sequence = sequence + ARGV[at + 3]
        call('XADD', KEYS[4 + i], version .. '-' .. sequence, 'e', entry)
        if ARGV[4] == '1' and ARGV[at + 3] == '1' then
          call('XADD', KEYS[3], sequence .. '-' .. version, 'e', stream .. '\\n' .. entry)
        else
          call('XADD', KEYS[3], sequence .. '-' .. version, 's', stream)
        end
        answer[i * 2 - 1] = version
        answer[i * 2] = sequence
      end
    end
  end
end

local text = table.concat(answer, ' ')
if guarded then
  call('HSET', KEYS[4], ARGV[1], ARGV[2] .. ' ' .. text)
  call('PEXPIRE', KEYS[4], ARGV[3])
end
return text
`)
