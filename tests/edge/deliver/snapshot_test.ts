/** Snapshots on their way: handed over as the client drains, never mistaken for slowness, never for ever. */
import { assert, assertEquals } from "@std/assert";
import { TickcastError } from "../../../src/feed/error.ts";
import type { FeedStore } from "../../../src/feed/store.ts";
import { aTrade } from "../../support/event_factory.ts";
import { type SessionScene, sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const large = (from: number, count: number) =>
  Array.from(
    { length: count },
    (_, n) => aTrade({ sym: `S${from + n}`, conds: Array.from({ length: 40 }, (_, k) => k) }),
  );

async function fill(s: SessionScene): Promise<void> {
  for (let n = 0; n < 4; n++) await s.rig.writer.append("tick", large(n * 400, 400));
}

pure("a large snapshot goes out as the client reads, and live events wait for its end", async () => {
  await using s = sessionScene();
  await fill(s);
  const client = s.client();
  client.socket.isStalled = true;
  client.say({ action: "subscribe", symbols: ["*"], snapshot: true });
  for (let n = 0; n < 40 && !client.of("snapshot").some(({ last }) => last); n++) {
    await s.rig.writer.append("tick", [aTrade({ sym: "LIVE" })]);
    await s.clock.advance(300);
    client.socket.drain();
  }
  client.socket.isStalled = false;
  await s.clock.advance(500);
  const parts = client.of("snapshot");
  assert(parts.length >= 4, `${parts.length} parts`);
  assertEquals(parts.at(-1)?.last, true);
  assertEquals(new Set(parts.map(({ cursor }) => cursor)).size, 1);
  const types = client.socket.read.map(({ type }) => type).filter((type) =>
    type === "snapshot" || type === "events"
  );
  assert(types.lastIndexOf("snapshot") < types.indexOf("events"), types.join());
  assertEquals([client.of("warning"), client.socket.closeCode], [[], undefined]);
});

pure("a client that takes no part of its snapshot for 30 s is closed", async () => {
  await using s = sessionScene();
  await fill(s);
  const client = s.client();
  client.socket.isStalled = true;
  client.say({ action: "subscribe", symbols: ["*"], snapshot: true });
  await s.clock.advance(29_000);
  assertEquals(client.socket.closeCode, undefined);
  await s.clock.advance(3_000);
  assertEquals(client.socket.closeCode, 4001);
});

pure("a snapshot that can't be read now is owed, and events flow meanwhile", async () => {
  let isDown = true;
  const faulty = (store: FeedStore): FeedStore => ({
    ...store,
    readLatest: (list, fields, signal) =>
      isDown
        ? Promise.reject(new TickcastError("STORE_UNAVAILABLE", "Cannot read as the test says so"))
        : store.readLatest(list, fields, signal),
  });
  await using s = sessionScene({ wrapStore: faulty });
  await s.rig.writer.append("tick", [aTrade()]);
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["*"], snapshot: true });
  await s.clock.advance(100);
  await s.rig.writer.append("tick", [aTrade({ tid: "2" })]);
  await s.clock.advance(1000);
  assertEquals([client.of("snapshot").length, client.ids().length], [0, 1]);
  isDown = false;
  await s.clock.advance(1000);
  assertEquals(client.of("snapshot").map(({ events }) => Array.isArray(events) && events.length), [1]);
});

pure("a snapshot asked for on a stream already followed joins it without hole or repeat", async () => {
  await using s = sessionScene();
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["*"] });
  await s.clock.advance(50);
  await s.rig.writer.append("tick", large(0, 3));
  client.say({ action: "subscribe", symbols: ["S1"], snapshot: true });
  await s.clock.advance(300);
  await s.rig.writer.append("tick", large(3, 2));
  await s.clock.advance(300);
  assertEquals(client.ids().map((id) => Number(id.split("-")[1])), [1, 2, 3, 4, 5]);
  const [part] = client.of("snapshot");
  assertEquals(Array.isArray(part?.events) && part.events.map(({ sym }) => sym), ["S1"]);
});
