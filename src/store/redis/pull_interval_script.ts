/** Another pull interval in a list's head, in Lua: fence and head are checked, nothing else is touched. Billed: 4 commands. */
import { TickcastError } from "../../feed/error.ts";
import type { PullIntervalReply, PullIntervalRequest } from "../../feed/store.ts";
import type { KeyNames } from "../key_names.ts";
import { Script } from "./script.ts";

/** KEYS: lease, head. ARGV: fence, expected epoch and seq, pull_ms. Reply: {billed, outcome}. */
export const PULL_INTERVAL_SCRIPT = new Script(`
local fence = redis.call('HGET', KEYS[1], 'fence') or '0'
if tonumber(fence) ~= tonumber(ARGV[1]) then return {2, 'fenced'} end
local head = redis.call('HMGET', KEYS[2], 'epoch', 'seq')
if head[1] ~= ARGV[2] or tonumber(head[2] or '') ~= tonumber(ARGV[3]) then return {3, 'moved'} end
redis.call('HSET', KEYS[2], 'pull_ms', ARGV[4])
return {4, 'written'}
`);

/** The script's keys and arguments. */
export function pullIntervalCall(names: KeyNames, request: PullIntervalRequest) {
  const { list, fence, expected, pullMs } = request;
  return {
    keys: [names.lease, names.head(list)],
    args: [String(fence), expected.epoch, String(expected.seq), String(pullMs)],
  };
}

/** Reads the script's reply. @throws {TickcastError} STORE_REFUSED when it is none of ours. */
export function readPullIntervalReply([, outcome]: readonly unknown[]): PullIntervalReply {
  if (outcome === "written" || outcome === "moved" || outcome === "fenced") return outcome;
  throw new TickcastError("STORE_REFUSED", "Cannot read the reply of the pull interval as it is not ours");
}
