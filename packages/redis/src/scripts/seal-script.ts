import { script } from './script.ts'

/**
 * Seals a partition or opens it again. The sequence of a sealed one is kept as a negative number, which every append
 * sees for nothing. KEYS: sequence. ARGV: `1` to seal.
 */
export const sealScript = script(`
local sequence = tonumber(redis.call('GET', KEYS[1])) or 0
if (sequence < 0) ~= (ARGV[1] == '1') then redis.call('SET', KEYS[1], -sequence - 1) end
return sequence
`)
