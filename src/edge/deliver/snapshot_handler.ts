/** `GET /snapshot/{stream}`: the latest event of every wanted symbol, with the cursor it is true at. */
import { TickcastError } from "../../feed/error.ts";
import type { EdgeCore } from "../edge_core.ts";
import { answerText, tagOf, varyByToken } from "../http_answer.ts";
import type { Admission } from "../admit/principal.ts";
import { askOfQuery } from "./query_ask.ts";
import { selectionKey, type Wanted } from "../follow/wanted.ts";
import { answerFromFeed, unreadable } from "./present_feed.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

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
  const { feed: asked, wanted } = await askOfQuery(core, url, stream, principal);
  return await answerFromFeed(
    core,
    asked,
    (feed) => feed.latest.load(core.stopped),
    (feed) =>
      answerSnapshot(core, request, feed, wanted, { ...varyByToken(core.settings.authMode), ...headers }),
  );
}

/** Made part by part, so that those who ask the same share the work; the whole of it is nobody's but this answer's. */
function answerSnapshot(
  core: EdgeCore,
  request: Request,
  feed: StreamFeed,
  wanted: Wanted,
  headers: Readonly<Record<string, string>>,
): Response {
  const parts = core.snapshots.of(feed, wanted.patterns, wanted.fields);
  if (parts === undefined) throw unreadable();
  const cursor = feed.log.cursorAt(feed.log.end);
  const events = `[${Array.from(parts.all(), ({ events }) => events).join(",")}]`;
  const text = `{"stream":"${feed.spec.name}","cursor":"${cursor}","events":${events},"last":true}`;
  const etag = `"${tagOf(`snapshot ${cursor} ${selectionKey(wanted, 0)}`)}"`;
  return answerText(request, text, etag, "no-cache", headers);
}
