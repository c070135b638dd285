/**
 * Several reads of one moment, in Lua: what the TCP transport uses instead of MULTI. Redis refuses to queue commands while
 * it is out of memory (`server.c`, processCommand), even reads: an edge would go blind because nothing can be written.
 */
import type { ReadCommand } from "./redis_transport.ts";
import { Script } from "./script.ts";

/** ARGV: for each command how many arguments it has, name included, then those. Reply: an array of the replies. */
export const READ_SCRIPT = new Script(`
local replies, at = {}, 1
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  replies[#replies + 1] = redis.call(unpack(ARGV, at + 1, at + count))
  at = at + count + 1
end
return replies
`);

/** The script's arguments. */
export const readArguments = (commands: readonly ReadCommand[]): string[] =>
  commands.flatMap((command) => [String(command.length), ...command]);
