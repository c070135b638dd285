/** Folds on Redis: a hash symbol → state, with the cursor in a field of its own. */
import type { FoldStore } from "../../feed/store.ts";
import { TickcastError } from "../../feed/error.ts";
import { checkFoldSave, FOLD_CURSOR_FIELD } from "../fold_limit.ts";
import type { KeyNames } from "../key_names.ts";
import type { RedisCaller } from "./redis_caller.ts";
import { arrayOf, textsOf } from "./reply_shape.ts";
import { SAVE_FOLD } from "./shelf_scripts.ts";

/** How long a save may take, in ms: it may be eight times what any other call sends. */
const SAVE_TIME_LIMIT_MS = 15_000;
/** Fields one HSCAN call gives about: a heatmap's state is some 10 kB. */
const PAGE_FIELDS = 200;
/** Calls one load makes at most; a fold that takes more is not ours. */
const PAGES_MAX = 5000;

/** Folds under `names`. Billed on Upstash: saving 3 and 1 for each further thousand symbols; loading 1 for every 200. */
export const redisFolds = (redis: RedisCaller, names: KeyNames): FoldStore => ({
  async saveFold(stream, fence, changed, cursor, signal) {
    checkFoldSave(stream, changed);
    const set = [FOLD_CURSOR_FIELD, cursor];
    const gone: string[] = [];
    for (const [symbol, text] of changed) {
      if (text === undefined) gone.push(symbol);
      else set.push(symbol, text);
    }
    const args = [String(fence), String(set.length), ...set, ...gone];
    const [, done] = await redis.script(
      SAVE_FOLD,
      [names.lease, names.fold(stream)],
      args,
      signal,
      SAVE_TIME_LIMIT_MS,
    );
    return done === 1;
  },
  async loadFold(stream, signal) {
    const states = await readHash(redis, names.fold(stream), signal);
    const cursor = states.get(FOLD_CURSOR_FIELD);
    states.delete(FOLD_CURSOR_FIELD);
    return { cursor, states };
  },
});

/** A whole hash, page by page: its one writer is whoever holds the lease, which is whoever loads. */
async function readHash(
  redis: RedisCaller,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, string>> {
  const fields = new Map<string, string>();
  let cursor = "0";
  for (let call = 0; call < PAGES_MAX; call++) {
    const [next, page] = arrayOf(
      await redis.command(["HSCAN", key, cursor, "COUNT", String(PAGE_FIELDS)], signal),
    );
    const texts = textsOf(page);
    for (let n = 0; n + 1 < texts.length; n += 2) fields.set(texts[n] ?? "", texts[n + 1] ?? "");
    cursor = String(next);
    if (cursor === "0") return fields;
  }
  throw new TickcastError(
    "STORE_REFUSED",
    `Cannot load a fold as it has over ${PAGES_MAX * PAGE_FIELDS} fields`,
  );
}
