/** Snapshots on a socket: true at their cursor, and the live stream joins without hole or repeat. */
import { assert, assertEquals } from "@std/assert";
import { aHeatmap, aTrade } from "../../support/event_factory.ts";
import { sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });
const of = (sym: string, n = 1, over = {}) =>
  Array.from({ length: n }, (_, k) => aTrade({ sym, tid: String(k), t: 1000 + k, ...over }));

pure(
  "a snapshot is true at its cursor, and the live stream goes on from there without hole or repeat",
  async () => {
    await using s = sessionScene();
    for (let n = 0; n < 900; n++) {
      await s.rig.writer.append(
        "tick",
        of(`S${n}`, 1, { conds: [1, 2, 3, 4, 5, 6, 7, 8, 9] }),
      );
    }
    const client = s.client();
    client.say({ action: "subscribe", symbols: ["*"], snapshot: true });
    await s.rig.writer.append("tick", of("S5", 1, { price: 7 }));
    await s.clock.advance(40);
    await s.rig.writer.append("tick", of("S6", 2));
    await s.clock.advance(400);
    const parts = client.of("snapshot");
    const events = parts.flatMap(({ events }) => Array.isArray(events) ? events : []);
    assertEquals(parts.map(({ last }) => last), [...parts.slice(1).map(() => false), true]);
    assert(parts.length > 1, "one part shows nothing");
    const sizes = parts.map((part) => JSON.stringify(part).length);
    assert(Math.max(...sizes) <= 64_000, `parts of ${sizes} characters`);
    assertEquals(new Set(events.map(({ sym }) => sym)).size, 900);
    const truth = Number(String(parts[0]?.cursor).split("-")[1]);
    const live = client.ids().map((id) => Number(id.split("-")[1]));
    assertEquals(live, Array.from({ length: 903 - truth }, (_, n) => truth + 1 + n));
    assertEquals(client.socket.read.map(({ type }) => type).slice(0, 3), ["hello", "subscribed", "snapshot"]);
  },
);

pure("a heatmap subscription begins with a snapshot, empty when there is none", async () => {
  await using s = sessionScene();
  const client = s.client("premium", ["heatmap"]);
  client.say({ action: "subscribe", symbols: ["X:BTC-USD"] });
  await s.clock.advance(20);
  assertEquals(client.of("snapshot").map(({ events, last }) => [events, last]), [[[], true]]);
  await s.rig.writer.append("heatmap", [aHeatmap()]);
  await s.clock.advance(200);
  assertEquals(client.ids().length, 1);
  const later = s.client("premium", ["heatmap"]);
  later.say({ action: "subscribe", symbols: ["BTC-USD"] });
  await s.clock.advance(20);
  assertEquals(later.of("snapshot").map(({ events }) => Array.isArray(events) && events.length), [1]);
});

pure(
  "a snapshot for a client that is ahead waits until its cursor is reached, and is true there",
  async () => {
    await using s = sessionScene();
    const { writer } = s.rig;
    s.client().say({ action: "subscribe", symbols: ["*"] });
    const { epoch } = await writer.append("tick", of("AAPL", 1, { t: 1 }));
    await s.clock.advance(100);
    const ahead = s.client();
    ahead.say({ action: "subscribe", symbols: ["*"], cursor: `tick:${epoch}-3`, snapshot: true });
    await s.clock.advance(3_000);
    await writer.append("tick", [...of("AAPL", 1, { t: 2 }), ...of("AAPL", 1, { t: 3 })]);
    await s.clock.advance(3_000);
    const shown = ahead.of("snapshot").map(({ cursor, events }) => [cursor, events]);
    assertEquals(shown.length, 1);
    assert(
      JSON.stringify(shown).startsWith(`[["tick:${epoch}-3",[{"id":"${epoch}-3"`),
      JSON.stringify(shown),
    );
  },
);
