/** A query about one stream, read and judged: what poll and snapshot answer. */
import { TickcastError } from "../../feed/error.ts";
import type { EdgeCore } from "../edge_core.ts";
import type { Principal } from "../admit/principal.ts";
import type { Wanted } from "../follow/wanted.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";
import {
  checkStreams,
  checkSymbols,
  readStart,
  type Start,
  unknownSymbols,
  wantedAfter,
} from "./subscription_ask.ts";
import { readQuery } from "./subscription_query.ts";

/** What is asked. */
export interface QueryAsk {
  readonly feed: StreamFeed;
  readonly start: Start;
  readonly wanted: Wanted;
  readonly waitMs: number;
}

/** Reads it. @throws {TickcastError} whatever is wrong with it */
export async function askOfQuery(
  core: EdgeCore,
  url: URL,
  stream: string,
  principal: Principal,
): Promise<QueryAsk> {
  checkStreams([stream], core.feeds.streams, principal);
  const query = readQuery(url);
  const start = readStart(query.cursor);
  await core.plan.ensure();
  const feed = core.feeds.get(stream);
  if (feed === undefined) {
    throw new TickcastError("UNKNOWN_STREAM", "Cannot answer as there is no stream of that name");
  }
  const { patterns, unknown } = checkSymbols(query.symbols ?? ["*"], stream, core.plan, principal);
  if (unknown.length > 0) throw unknownSymbols(stream, unknown);
  const shape = { mode: query.mode, maxHz: query.maxHz, fields: query.fields };
  const wanted = wantedAfter(undefined, patterns, shape, principal.tier, core.settings.maxSymbols);
  // A wait that outlived its token would end with what the token no longer allows.
  const lifeMs = Math.max(0, (principal.expiresAtMs ?? Infinity) - core.clock.now());
  return { feed, start, wanted, waitMs: Math.min(query.waitSeconds * 1000, lifeMs) };
}
