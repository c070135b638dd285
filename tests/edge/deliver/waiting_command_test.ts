/** A command that waits for a store: what flows meanwhile, and what may be said meanwhile. */
import { assertEquals } from "@std/assert";
import type { FeedStore } from "../../../src/feed/store.ts";
import { aTrade } from "../../support/event_factory.ts";
import { sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** A store whose reads of one list hang until it is opened. */
function hangingAt(list: string) {
  const gate = Promise.withResolvers<void>();
  const wrapStore = (store: FeedStore): FeedStore => ({
    ...store,
    readTail: async (...args) => {
      if (args[0] === list) await gate.promise;
      return await store.readTail(...args);
    },
  });
  return { wrapStore, open: () => gate.resolve() };
}

pure(
  "nothing of a subscribe flows before subscribed, though it adds to a stream that flows already",
  async () => {
    const { wrapStore, open } = hangingAt("minute");
    await using s = sessionScene({ wrapStore });
    const client = s.client();
    client.say({ action: "subscribe", symbols: ["AAPL"] });
    await s.clock.advance(500);
    client.say({ action: "subscribe", streams: ["tick", "minute"], symbols: ["MSFT"], id: 2 });
    await s.clock.advance(100);
    const append = (tid: string) =>
      s.rig.writer.append("tick", [aTrade({ sym: "MSFT", tid }), aTrade({ sym: "AAPL", tid })]);
    await append("1");
    await s.clock.advance(500);
    open();
    await s.clock.advance(500);
    await append("2");
    await s.clock.advance(500);
    const told = client.socket.read.slice(1).map(({ type, events }) =>
      Array.isArray(events) ? events.map(({ sym }) => sym).join() : type
    );
    assertEquals(told, ["subscribed", "AAPL", "subscribed", "MSFT,AAPL"]);
  },
);
