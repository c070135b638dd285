/**
 * When a stream is split over another number of lists, its feed is replaced: who followed the old one goes on in the new one,
 * told that nobody can say what was missed in between (new lists begin new epochs).
 */
import { ORIGIN, parseCursor } from "../../feed/cursor.ts";
import { describeError } from "../../feed/error.ts";
import type { EdgeCore } from "../edge_core.ts";
import type { Follower } from "../follow/follower.ts";
import { join } from "./join_streams.ts";
import { Session } from "./session.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

/** Moves everybody from one feed to the one that replaces it. */
export function reseat(core: EdgeCore, before: StreamFeed, after: StreamFeed): void {
  core.log.info("stream_split_changed", { list: after.spec.name, lists: after.log.lists });
  for (const follower of [...core.schedule.followersOf(before)]) {
    const { host } = follower;
    if (host instanceof Session) reseatSession(core, host, follower, after);
    else tellLost(follower, after);
  }
  core.schedule.forget(before);
}

function reseatSession(core: EdgeCore, session: Session, follower: Follower, feed: StreamFeed): void {
  const { principal } = session;
  const { wanted } = follower.selection;
  const cursor = parseCursor(follower.cursor);
  session.letGo(feed.spec.name);
  if (principal === undefined) return;
  const want = core.feeds.want(feed);
  join(session, principal, undefined, { from: "cursor", cursor }, [{ feed, wanted, want }], []).catch(
    (error: unknown) => {
      core.log.error("ws_error", { client: session.id, error: describeError(error) });
      session.close(1011, "internal error");
    },
  );
}

/** For those who have no way to go on: they come back and start anew. */
function tellLost(follower: Follower, feed: StreamFeed): void {
  const [list] = feed.log.lists;
  const missing = {
    after: ORIGIN,
    before: ORIGIN,
    lost: null,
    cause: "epoch",
    from: undefined,
    to: undefined,
  } as const;
  follower.host.tellMissing(follower, list ?? feed.spec.name, missing, feed.log.cursorAt(feed.log.end));
}
