/** The event lists on Redis. */
import type { ListStore, ListTail } from "../../feed/store.ts";
import { APPEND_SCRIPT, appendArguments, appendKeys, readAppendReply } from "./append_script.ts";
import { checkBatch } from "../batch_plan.ts";
import { HintQueue } from "../memory/hint_queue.ts";
import { parseHint } from "./hint_text.ts";
import type { KeyNames } from "../key_names.ts";
import { PULL_INTERVAL_SCRIPT, pullIntervalCall, readPullIntervalReply } from "./pull_interval_script.ts";
import type { RedisCaller } from "./redis_caller.ts";
import type { ReadCommand } from "./redis_transport.ts";
import { headOf, textsOf } from "./reply_shape.ts";
import { closedFailure, storeFailure } from "../store_failure.ts";

/** Fields one HMGET asks for: Lua's stack, where the reads may run, holds a few thousand. */
const FIELDS_PER_READ = 2000;

/**
 * Lists under `names`. Billed on Upstash: an append 9, a pull interval 4, a tail 2, latest events 2, hints 1 for each time
 * they are opened.
 */
export function redisLists(redis: RedisCaller, names: KeyNames): ListStore {
  const head = (list: string): ReadCommand => ["HMGET", names.head(list), "epoch", "seq", "pull_ms"];
  return {
    async append(request, signal) {
      checkBatch(request);
      const keys = appendKeys(names, request.list);
      return readAppendReply(
        await redis.script(APPEND_SCRIPT, keys, appendArguments(names, request), signal),
      );
    },
    async setPullInterval(request, signal) {
      const { keys, args } = pullIntervalCall(names, request);
      return readPullIntervalReply(await redis.script(PULL_INTERVAL_SCRIPT, keys, args, signal));
    },
    async readTail(list, countEvents, signal): Promise<ListTail> {
      if (countEvents <= 0) {
        const [at, length] = await redis.readTogether([head(list), ["LLEN", names.list(list)]], signal);
        return { head: length === 0 ? undefined : headOf(at), elements: [] };
      }
      const range: ReadCommand = ["LRANGE", names.list(list), String(-countEvents), "-1"];
      const [at, items] = await redis.readTogether([head(list), range], signal);
      const elements = textsOf(items);
      return { head: elements.length === 0 ? undefined : headOf(at), elements };
    },
    async readLatest(list, fields, signal) {
      if (fields?.length === 0) {
        return { head: headOf(await redis.command(head(list), signal)), elements: [] };
      }
      const reads = fields === undefined
        ? [["HVALS", names.last(list)] as const]
        : Array.from(slices(fields), (slice): ReadCommand => ["HMGET", names.last(list), ...slice]);
      const [at, ...replies] = await redis.readTogether([head(list), ...reads], signal);
      return { head: headOf(at), elements: replies.flatMap(textsOf) };
    },
    hints: (signal) => subscribe(redis, names.hint, signal),
  };
}

function* slices(fields: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < fields.length; at += FIELDS_PER_READ) yield fields.slice(at, at + FIELDS_PER_READ);
}

function subscribe(redis: RedisCaller, channel: string, signal: AbortSignal): HintQueue {
  const left = new AbortController();
  const stop = AbortSignal.any([signal, left.signal]);
  const queue = new HintQueue(() => left.abort());
  signal.addEventListener("abort", () => queue.end(), { once: true, signal: left.signal });
  if (signal.aborted) {
    queue.end();
    return queue;
  }
  redis.usage.add({ commands: 1, requests: 1 });
  const deliver = (text: string) => {
    const hint = parseHint(text);
    if (hint !== undefined) queue.push(hint);
  };
  redis.transport.subscribe(channel, deliver, stop).then(
    () => signal.aborted ? queue.end() : queue.fail(closedFailure()),
    (error) => {
      redis.usage.add({ failures: 1 });
      queue.fail(storeFailure(error));
    },
  );
  return queue;
}
