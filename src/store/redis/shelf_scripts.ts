/** Saving a fold under the fence, and queueing a command within its bound, in Lua. */
import { Script } from "./script.ts";

/** Arguments one HSET or HDEL gets: Lua's stack holds a few thousand. An even number. */
const CHUNK_ARGUMENTS = 2000;

/**
 * KEYS: lease, fold. ARGV: fence, number of arguments to set, then field and value of each, then fields to delete.
 * Reply: {billed, 1 or 0}. The cursor is among what is set.
 */
export const SAVE_FOLD = new Script(`
if tonumber(redis.call('HGET', KEYS[1], 'fence') or '0') ~= tonumber(ARGV[1]) then return {2, 0} end
local billed, lastSet = 2, 2 + tonumber(ARGV[2])
local function chunks(name, from, to)
  for i = from, to, ${CHUNK_ARGUMENTS} do
    redis.call(name, KEYS[2], unpack(ARGV, i, math.min(i + ${CHUNK_ARGUMENTS} - 1, to)))
    billed = billed + 1
  end
end
chunks('HSET', 3, lastSet)
chunks('HDEL', lastSet + 1, #ARGV)
return {billed, 1}
`);

/** KEYS: control. ARGV: command, most that may wait. Reply: {billed, 1 or 0}. */
export const SEND_COMMAND = new Script(`
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return {2, 0} end
redis.call('RPUSH', KEYS[1], ARGV[1])
return {3, 1}
`);
