/** Where a client stands while its stream can't be followed yet: what it came with, or had, not nothing. */
import { assert, assertEquals } from "@std/assert";
import type { FeedStore } from "../../../src/feed/store.ts";
import { aMinute, aTrade } from "../../support/event_factory.ts";
import { httpScene } from "../http_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** A store whose reads of some lists hang while it is shut. */
function hanging(hangs: (list: string) => boolean) {
  let gate: PromiseWithResolvers<void> | undefined;
  const wrap = (store: FeedStore): FeedStore =>
    new Proxy(store, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== "function") return value;
        if (key !== "readTail") return value.bind(target);
        return (...args: readonly unknown[]) =>
          gate !== undefined && hangs(String(args[0]))
            ? gate.promise.then(() => value.apply(target, args))
            : value.apply(target, args);
      },
    });
  return {
    wrap,
    shut: () => gate = Promise.withResolvers(),
    open: () => {
      gate?.resolve();
      gate = undefined;
    },
  };
}

/** What a native EventSource would send as Last-Event-ID after having read this. */
function lastEventId(text: string, before: string): string {
  const ids = [...text.matchAll(/^id: ?(.*)$/gm)].map(([, id]) => id ?? "");
  return ids.at(-1) ?? before;
}

/** An event stream of a client that had one event, and whose lists can't be read. */
async function waiting() {
  const lists = hanging((list) => list === "tick");
  const scene = httpScene({ wrapStore: lists.wrap });
  const had = await scene.append("tick", [aTrade()]);
  lists.shut();
  const stream = await scene.stream("/sse/tick", { headers: { "last-event-id": had } });
  const end = async () => {
    lists.open();
    await scene[Symbol.asyncDispose]();
    await stream.leave();
  };
  return { lists, scene, had, stream, end };
}

pure("the heartbeat of an event stream that waits for its lists leaves its client its place", async () => {
  const { scene, had, stream, end } = await waiting();
  await scene.clock.advance(16_000);
  const text = stream.text();
  await end();
  assert(text.includes("event: heartbeat"));
  assertEquals(lastEventId(text, had), had);
});

pure("an event stream that is drained while it waits for the lists keeps its client's place", async () => {
  const { lists, scene, had, stream, end } = await waiting();
  await scene.clock.advance(3_000);
  const drained = scene.rig.edge.drain();
  await scene.clock.advance(1_000);
  lists.open();
  await scene.clock.advance(10_000);
  await drained;
  const text = stream.text();
  await end();
  assert(text.includes("event: reconnect"));
  assertEquals(lastEventId(text, had), had);
});

pure("while one stream is being split otherwise the ids of another still hold its place", async () => {
  const lists = hanging((list) => list.startsWith("tick."));
  await using s = httpScene({ wrapStore: lists.wrap });
  const plan = (n: number) =>
    s.rig.store.writeNote(
      "plan",
      JSON.stringify({
        at: n,
        streams: { tick: { symbols: ["*"], lists: n }, minute: { symbols: ["*"], lists: 1 } },
        markets: ["stocks"],
        simulated: false,
      }),
      undefined,
    );
  await plan(1);
  const had = await s.append("tick", [aTrade()]);
  const stream = await s.stream(`/sse?streams=tick,minute&cursor=${had.replace(/\d+$/, "0")}`);
  await s.clock.advance(500);
  assertEquals(stream.ids().length, 1);
  assert(lastEventId(stream.text(), "").includes(had));
  lists.shut();
  await plan(2);
  await s.clock.advance(31_000);
  assertEquals(s.rig.edge.core.feeds.get("tick")?.log.lists, ["tick.0", "tick.1"]);
  await s.append("minute", [aMinute({ t: 60_000 })]);
  await s.clock.advance(1_000);
  const last = lastEventId(stream.text(), "");
  lists.open();
  await stream.leave();
  assert(
    /(^|,)tick[.:]/.test(last),
    `an EventSource cut off here comes back with ${last}: it would begin tick now, without a gap`,
  );
});
