/** `WS_ENABLED=false`: said once, sockets refused, nothing of theirs running, and the rest served. */
import { assertEquals } from "@std/assert";
import { aTrade } from "../support/event_factory.ts";
import { recordingLog } from "../support/recording_log.ts";
import { httpScene } from "./http_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const UPGRADE = { headers: { upgrade: "websocket", connection: "upgrade", "sec-websocket-version": "13" } };

pure(
  "WS_ENABLED=false is warned about once, whoever knocks, and not at all where sockets are on",
  async () => {
    for (const [wsEnabled, warned] of [[false, 1], [true, 0]] as const) {
      const { log, lines } = recordingLog();
      await using s = httpScene({ settings: { wsEnabled }, log });
      for (let n = 0; n < 10; n++) {
        for (const path of ["/ws", "/ws/tick", "/massive/stocks"]) await s.get(path, {}, 1_000);
      }
      const warnings = lines.filter(({ event }) => event === "ws_disabled");
      assertEquals(
        warnings,
        Array(warned).fill({
          level: "warning",
          event: "ws_disabled",
          fields: { clients: "fall back to /sse, then /events" },
        }),
      );
    }
  },
);

pure("with WS_ENABLED=false sockets leave nothing behind: no timer, no read, no session", async () => {
  await using s = httpScene({ settings: { wsEnabled: false } });
  await s.append("tick", [aTrade()]);
  const { edge, store } = s.rig;
  await s.clock.advance(1);
  const running = s.clock.pending;
  const commands = store.usage().commands;
  for (let n = 0; n < 50; n++) {
    for (const path of ["/ws", "/ws/tick?symbols=*&cursor=earliest", "/massive/stocks", "/massive/crypto"]) {
      const { status, text } = await s.get(path, UPGRADE, 0);
      assertEquals([status, JSON.parse(text).error.code], [503, "WS_DISABLED"], path);
    }
  }
  assertEquals([s.clock.pending, store.usage().commands - commands], [running, 0]);
  // What is left is the note of every instance, for its health.
  assertEquals([running, edge.hub.size, edge.counters.pulls, [...edge.core.feeds.all()].length], [
    1,
    0,
    0,
    0,
  ]);
  assertEquals([edge.counters.active.ws, edge.counters.active.massive], [0, 0]);
});

pure("with WS_ENABLED=false the event stream and the poll that clients fall back to are served", async () => {
  await using s = httpScene({ settings: { wsEnabled: false } });
  const cursor = await s.append("tick", [aTrade()]);
  const stream = await s.stream("/sse/tick?cursor=earliest");
  const { events } = await s.poll("/events/tick?cursor=earliest");
  await s.clock.advance(100);
  const ids = [cursor.slice("tick:".length)];
  assertEquals([stream.ids(), events.map(({ id }) => id)], [ids, ids]);
  await stream.leave();
});
