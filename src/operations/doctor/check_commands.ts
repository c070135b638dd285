/**
 * The commands a role needs, tried one by one where they can do no harm, so that what an ACL leaves out is told by name. A
 * refusal is Redis's own (NOPERM); any other answer, an error too, means that the command may be run.
 */
import type { Role } from "../../feed/settings/settings.ts";
import type { RedisCommand, RedisTransport } from "../../store/redis/redis_transport.ts";
import { missingRight } from "../../store/store_failure.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, fail } = findingsOf("redis");

/** No script has this SHA-1: the answer is NOSCRIPT, unless the command is forbidden. */
const NO_SCRIPT = "0".repeat(40);
/** What is tried goes by itself. */
const KEPT_MS = "5000";

/** What every role reads. */
const reads = (key: string): readonly RedisCommand[] => [
  ["GET", key],
  ["MGET", key],
  ["HGET", key, "a"],
  ["HMGET", key, "a"],
  ["HLEN", key],
  ["HVALS", key],
  ["LLEN", key],
  ["LRANGE", key, "0", "0"],
  ["SMEMBERS", key],
  ["SCAN", "0", "MATCH", key, "COUNT", "1"],
];

/** Over TCP reads of one moment are a script too. */
const SCRIPTS: readonly RedisCommand[] = [["EVAL", "return 1", "0"], ["EVALSHA", NO_SCRIPT, "0"]];

/** What ingest writes. `key` is a text of the doctor's own: commands of other types are refused for that, not run. */
const writes = (key: string): readonly RedisCommand[] => [
  ["SET", key, "1", "PX", KEPT_MS],
  ["RPUSH", key, "1"],
  ["LTRIM", key, "0", "0"],
  ["LPOP", key, "1"],
  ["HSET", key, "a", "1"],
  ["HDEL", key, "a"],
  ["HSCAN", key, "0"],
  ["TIME"],
  ["DEL", key],
];

/** What a role has to be allowed on `keyPrefix:*`. */
export function commandsOf(
  role: Role,
  transport: RedisTransport["name"],
  keyPrefix: string,
): readonly RedisCommand[] {
  const key = `${keyPrefix}:doctor:commands`;
  const scripts = role !== "edge" || transport === "tcp" ? SCRIPTS : [];
  return [...role === "edge" ? [] : writes(key), ...reads(key), ...scripts];
}

/** One finding: all may be run, or what may not. Never rejects; what the network does is told by what comes after. */
export async function checkCommands(
  role: Role,
  keyPrefix: string,
  transport: RedisTransport,
  signal: AbortSignal,
): Promise<Finding> {
  const missing: string[] = [];
  let hasKeys = true;
  const commands = commandsOf(role, transport.name, keyPrefix);
  for (const command of commands) {
    try {
      await transport.command(command, signal);
    } catch (error) {
      const right = missingRight(error);
      if (right === "command") missing.push(command[0]);
      if (right === "key") hasKeys = false;
    }
  }
  const pattern = `${role === "edge" ? "%R" : ""}~${keyPrefix}:*`;
  if (!hasKeys) {
    return fail(
      `the user may not touch the keys ${keyPrefix}:*`,
      `give it ${pattern}, or set KEY_PREFIX (deploy/redis.acl has a user for each role)`,
    );
  }
  return missing.length === 0 ? ok(`may run the ${commands.length} commands that role ${role} needs`) : fail(
    `the user may not run ${missing.join(", ")}`,
    `give it ${
      missing.map((name) => `+${name.toLowerCase()}`).join(" ")
    } (deploy/redis.acl has a user for each role)`,
  );
}
