/** A stream that is split otherwise while a program at the Massive-compatible door waits for it. */
import { assertEquals } from "@std/assert";
import type { FeedStore } from "../../../src/feed/store.ts";
import { aTrade } from "../../support/event_factory.ts";
import { massiveScene } from "./massive_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const planOf = (lists: number): string =>
  JSON.stringify({
    at: lists,
    streams: { tick: { symbols: ["*"], lists } },
    markets: ["stocks"],
    simulated: false,
  });

/** A program that waits for the first read of `tick`, one list, which is never answered. */
async function waitingProgram() {
  const wrapStore = (store: FeedStore): FeedStore => ({
    ...store,
    readTail: (list, count, signal) =>
      list !== "tick" ? store.readTail(list, count, signal) : new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      }),
  });
  const scene = massiveScene({ wrapStore });
  const { rig, clock, say } = scene;
  await rig.store.writeNote("plan", planOf(1), undefined);
  rig.edge.core.plan.ensure(0);
  await say("auth", "any");
  await say("subscribe", "T.*");
  const split = async () => {
    await rig.store.writeNote("plan", planOf(2), undefined);
    rig.edge.core.plan.ensure(0);
    await clock.advance(200);
  };
  return { ...scene, split };
}

for (const waitedMs of [500, 5_000]) {
  pure(
    `a program that waited ${waitedMs} ms for a stream follows its new lists when the split changes`,
    async () => {
      const { rig, clock, socket, split, end } = await waitingProgram();
      await clock.advance(waitedMs);
      await split();
      assertEquals(rig.edge.core.feeds.get("tick")?.log.lists, ["tick.0", "tick.1"]);
      await rig.writer.append("tick.0", [aTrade({ tid: "1" })]);
      await rig.writer.append("tick.1", [aTrade({ sym: "MSFT", tid: "2" })]);
      await clock.advance(3_000);
      assertEquals(socket.told.slice(2).map(({ ev, message, i }) => message ?? [ev, i]), [
        "subscribed to: T.*",
        ["T", "1"],
        ["T", "2"],
      ]);
      assertEquals(socket.terminated, 0);
      await end();
    },
  );
}

pure(
  "a program that leaves while it waits, before or after the split changes, leaves nothing behind",
  async () => {
    for (const isSplit of [false, true]) {
      const { rig, clock, handlers, split, end } = await waitingProgram();
      if (isSplit) await split();
      handlers.onClose();
      await clock.advance(60_000);
      const lists = [...rig.edge.core.feeds.all()].flatMap((feed) => feed.facts());
      assertEquals(lists.some(({ wanted }) => wanted), false);
      assertEquals([...rig.edge.core.feeds.all()].some(({ selections }) => selections.size > 0), false);
      await end();
    }
  },
);
