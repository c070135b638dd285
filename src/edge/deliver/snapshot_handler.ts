/** `GET /snapshot/{stream}`: the latest event of every wanted symbol, with the cursor it is true at. */
import { TickcastError } from "../../feed/error.ts";
import type { EdgeCore } from "../edge_core.ts";
import { whenWarm } from "./feed_wait.ts";
import { answerText, tagOf } from "../http_answer.ts";
import type { Admission } from "../admit/principal.ts";
import { askOfQuery } from "./query_ask.ts";
import { selectionKey } from "../follow/wanted.ts";
import { snapshotBodies } from "./snapshot_parts.ts";

const STORE_PATIENCE_MS = 2_000;

/** Answers one request. @throws {TickcastError} whatever is wrong with it */
export async function handleSnapshot(
  core: EdgeCore,
  request: Request,
  url: URL,
  stream: string,
  { principal, headers }: Admission,
): Promise<Response> {
  if (principal === undefined) {
    throw new TickcastError("UNAUTHORIZED", "Cannot answer as the request has no token");
  }
  const { feed, wanted } = await askOfQuery(core, url, stream, principal);
  using _want = core.feeds.want(feed);
  const isWarm = await whenWarm(feed, core.clock, STORE_PATIENCE_MS, core.stopped);
  if (!isWarm && !feed.hasBegun) {
    throw new TickcastError("STORE_UNAVAILABLE", "Cannot answer as the lists can't be read now");
  }
  await feed.latest.load(core.stopped);
  const bodies = snapshotBodies(feed, wanted.patterns, wanted.fields);
  if (bodies === undefined) {
    throw new TickcastError("STORE_UNAVAILABLE", "Cannot answer as the lists can't be read now");
  }
  const cursor = feed.log.cursorAt(feed.log.end);
  const events = `[${bodies.map((body) => body.slice(1, -1)).filter((body) => body !== "").join(",")}]`;
  const text = `{"stream":"${stream}","cursor":"${cursor}","events":${events},"last":true}`;
  const etag = `"${tagOf(`snapshot ${cursor} ${selectionKey(wanted, 0)}`)}"`;
  return answerText(request, text, etag, "no-cache", headers);
}
