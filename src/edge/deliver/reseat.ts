/**
 * When a stream is split over another number of lists, or a list of it goes on under an earlier epoch, its feed is replaced:
 * who followed the old one goes on in the new one, told that nobody can say what was missed in between, and shown what they
 * are still owed.
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
  core.log.info("stream_replaced", { list: after.spec.name, lists: after.log.lists });
  for (const follower of [...core.schedule.followersOf(before)]) {
    const { host } = follower;
    if (host instanceof Session) host.turns.run(() => reseatSession(core, host, before, after));
    else tellLost(follower, after);
  }
  core.schedule.forget(before);
}

/** In the session's turn: what it holds by then may be something else, or nothing. */
async function reseatSession(
  core: EdgeCore,
  session: Session,
  before: StreamFeed,
  after: StreamFeed,
): Promise<void> {
  const { principal } = session;
  const { name } = before.spec;
  const follower = session.follower(name);
  if (session.isClosed || follower?.feed !== before) return;
  const { wanted } = follower.selection;
  const cursor = parseCursor(follower.cursor);
  const owed = session.awaitsSnapshot ? session.snapshots.owedTo(follower) : undefined;
  session.letGo(name);
  if (principal === undefined) return;
  const want = core.feeds.want(after);
  try {
    await join(
      session,
      principal,
      undefined,
      { from: "cursor", cursor },
      [{ feed: after, wanted, want }],
      [],
    );
    const present = session.follower(name);
    if (owed !== undefined && present !== undefined) session.snapshots.owe(present, owed);
  } catch (error) {
    core.log.error("ws_error", { client: session.id, error: describeError(error) });
    session.close(1011, "internal error");
  }
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
