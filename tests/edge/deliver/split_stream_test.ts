/** A stream of several lists as its clients see it: a place in each, and what a new split means for those who follow. */
import { assertEquals, assertMatch } from "@std/assert";
import { aTrade } from "../../support/event_factory.ts";
import { splitTicks } from "../split_plan.ts";
import { sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });
const of = (sym: string, n = 1, over = {}) =>
  Array.from({ length: n }, (_, k) => aTrade({ sym, tid: String(k), t: 1000 + k, ...over }));

pure(
  "a split stream keeps a place per list, and a list missing from a cursor is a gap nobody can count",
  async () => {
    await using s = sessionScene();
    await splitTicks(s.rig.store, 3);
    const client = s.client();
    client.say({ action: "subscribe", symbols: ["*"] });
    await s.clock.advance(20);
    assertEquals(client.of("subscribed")[0]?.cursor, "tick.0:0-0,tick.1:0-0,tick.2:0-0");
    for (let n = 0; n < 10; n++) {
      for (const list of [0, 1, 2]) await s.rig.writer.append(`tick.${list}`, of(`L${list}`, 1 + list));
      await s.clock.advance(30);
    }
    assertEquals(client.ids().length, 60);
    assertMatch(client.ids()[0] ?? "", /^[012]\.[0-9a-z]{8}-1$/);
    const cursor = String(client.of("events").at(-1)?.cursor);
    const heads = [0, 1, 2].map((list) => s.rig.writer.heads.get(`tick.${list}`));
    assertEquals(cursor, heads.map((head, n) => `tick.${n}:${head?.epoch}-${head?.seq}`).join(","));
    const uneven = s.client();
    uneven.say({
      action: "subscribe",
      symbols: ["*"],
      cursor: `tick.0:${heads[0]?.epoch}-8,tick.2:${heads[2]?.epoch}-25`,
    });
    await s.clock.advance(100);
    assertEquals(uneven.of("gap").map(({ lost, cause }) => [lost, cause]), [[null, "epoch"]]);
    const perList = [0, 1, 2].map((list) =>
      uneven.ids().filter((id) => id.startsWith(`${list}.`)).map((id) => Number(id.split("-")[1]))
    );
    assertEquals(perList[0], [9, 10]);
    assertEquals(perList[1], Array.from({ length: 20 }, (_, n) => n + 1));
    assertEquals(perList[2], [26, 27, 28, 29, 30]);
    assertEquals(uneven.of("events").at(-1)?.cursor, cursor);
  },
);

pure(
  "when a stream is split anew its clients go on, told that nobody can count what they missed",
  async () => {
    await using s = sessionScene();
    const client = s.client();
    client.say({ action: "subscribe", symbols: ["*"] });
    await s.clock.advance(20);
    await s.rig.writer.append("tick", of("AAPL", 3));
    await s.clock.advance(50);
    const waiting = s.rig.edge.fetch(new Request("http://edge/events/tick?wait=25"));
    await s.clock.advance(50);
    await splitTicks(s.rig.store, 2);
    await s.rig.writer.append("tick.0", of("L0", 4));
    await s.rig.writer.append("tick.1", of("L1", 5));
    await s.clock.advance(31_000);
    assertEquals(client.of("gap").map(({ lost, cause }) => [lost, cause]), [[null, "epoch"], [
      null,
      "epoch",
    ]]);
    assertEquals(client.ids().length, 12);
    await s.rig.writer.append("tick.1", of("L1", 2));
    await s.clock.advance(2_000);
    assertEquals(client.ids().length, 14);
    assertMatch(String(client.of("events").at(-1)?.cursor), /^tick\.0:[0-9a-z]{8}-4,tick\.1:[0-9a-z]{8}-7$/);
    const [, anew] = client.of("subscribed");
    assertMatch(
      String(anew?.cursor),
      /^tick:[0-9a-z]{8}-3$/,
      "cut off now it would come back with what it had",
    );
    assertEquals((await waiting).status, 200);
  },
);
