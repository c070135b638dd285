/** Polls and snapshots that wait for the lists while the instance goes away, or while their stream is split otherwise. */
import { assertEquals } from "@std/assert";
import type { FeedStore } from "../../../src/feed/store.ts";
import { aTrade } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { edgeRig } from "../edge_rig.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const planOf = (lists: number): string =>
  JSON.stringify({
    at: lists,
    streams: { tick: { symbols: ["*"], lists } },
    markets: ["stocks"],
    simulated: false,
  });

const untilAborted = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true }));

/** What hangs of the stream `tick` while it is one list. */
interface Hangs {
  readTail: boolean;
  readLatest: boolean;
}

function heldScene() {
  const clock = new ManualClock();
  const hangs: Hangs = { readTail: false, readLatest: false };
  const wrapStore = (store: FeedStore): FeedStore => ({
    ...store,
    readTail: (list, count, signal) =>
      hangs.readTail && list === "tick" ? untilAborted(signal) : store.readTail(list, count, signal),
    readLatest: (list, fields, signal) =>
      hangs.readLatest && list === "tick" ? untilAborted(signal) : store.readLatest(list, fields, signal),
  });
  const rig = edgeRig({ clock, wrapStore });
  const ask = async (path: string) => {
    const response = await rig.edge.fetch(new Request(`http://edge${path}`));
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
  };
  const drain = async () => {
    const drained = rig.edge.drain();
    await clock.advance(5_000);
    await drained;
  };
  return { clock, hangs, rig, ask, drain };
}

const WAITS: readonly (readonly [path: string, read: keyof Hangs])[] = [
  ["/events/tick", "readTail"],
  ["/events/tick?cursor=earliest&wait=20", "readTail"],
  ["/snapshot/tick", "readTail"],
  ["/snapshot/tick", "readLatest"],
];

for (const [path, read] of WAITS) {
  pure(`${path} that waits for ${read} is told DRAINING when the instance goes away`, async () => {
    const { clock, hangs, ask, drain } = heldScene();
    hangs[read] = true;
    const asked = ask(path);
    await clock.advance(100);
    await drain();
    const { status, headers, body } = await asked;
    assertEquals([status, body.error.code, headers.get("retry-after")], [503, "DRAINING", "5"]);
  });

  pure(`${path} that waits for ${read} is answered from the new lists when the split changes`, async () => {
    const { clock, hangs, rig, ask, drain } = heldScene();
    await rig.store.writeNote("plan", planOf(1), undefined);
    await rig.edge.core.plan.ensure(0);
    await rig.writer.append("tick.0", [aTrade({ sym: "AAPL" })]);
    await rig.writer.append("tick.1", [aTrade({ sym: "MSFT" })]);
    hangs[read] = true;
    const asked = ask(path.replace("earliest&wait=20", "earliest"));
    await clock.advance(100);
    await rig.store.writeNote("plan", planOf(2), undefined);
    rig.edge.core.plan.ensure(0);
    await clock.advance(1_000);
    const { status, body } = await asked;
    assertEquals(
      [status, body.cursor.replace(/:\w+/g, "")],
      [200, "tick.0-1,tick.1-1"],
      JSON.stringify(body),
    );
    if (path !== "/events/tick") assertEquals(body.events.length, 2);
    const held = [...rig.edge.core.feeds.all()].flatMap((feed) => feed.facts()).filter(({ wanted }) =>
      wanted
    );
    assertEquals(held.length, 2, "lingering");
    await clock.advance(60_000);
    assertEquals(
      [...rig.edge.core.feeds.all()].flatMap((feed) => feed.facts()).some(({ wanted }) => wanted),
      false,
    );
    await drain();
  });
}

pure("a snapshot whose store gives no answer is told so, not that something failed inside", async () => {
  const { clock, hangs, ask, drain } = heldScene();
  hangs.readLatest = true;
  const asked = ask("/snapshot/tick");
  await clock.advance(60_000);
  const { status, body } = await asked;
  assertEquals([status, body.error.code], [503, "STORE_UNAVAILABLE"]);
  await drain();
});

pure("a poll whose store gives no answer is told so within its patience", async () => {
  const { clock, hangs, ask, drain } = heldScene();
  hangs.readTail = true;
  const asked = ask("/events/tick");
  await clock.advance(2_100);
  const { status, body } = await asked;
  assertEquals([status, body.error.code], [503, "STORE_UNAVAILABLE"]);
  await drain();
});
