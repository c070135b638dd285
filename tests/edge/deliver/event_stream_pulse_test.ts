/** What an event stream says while it has nothing to say: heartbeats no balancer takes for silence, and where its client stands. */
import { assert, assertEquals } from "@std/assert";
import { aTrade } from "../../support/event_factory.ts";
import { httpScene } from "../http_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** Blocks of one event name, as their ids and data. */
function blocksOf(blocks: readonly string[], event: string) {
  return blocks.filter((block) => block.includes(`event: ${event}\n`)).map((block) => ({
    id: /^id: (.*)$/m.exec(block)?.[1],
    data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? "null"),
  }));
}

pure(
  "an event stream without events has a visible heartbeat every 15 s, with cursor, states and time",
  async () => {
    await using s = httpScene();
    const cursor = await s.append("tick", [aTrade()]);
    const stream = await s.stream("/sse/tick?symbols=NOBODY");
    const began = s.clock.now();
    await s.clock.advance(14_500);
    assertEquals(blocksOf(stream.blocks(), "heartbeat"), []);
    await s.clock.advance(31_000);
    const beats = blocksOf(stream.blocks(), "heartbeat");
    assertEquals(beats.map(({ id, data }) => [id, data.cursor, Object.keys(data.streams)]), [
      [cursor, cursor, Object.keys(s.rig.edge.core.states())],
      [cursor, cursor, Object.keys(s.rig.edge.core.states())],
      [cursor, cursor, Object.keys(s.rig.edge.core.states())],
    ]);
    for (const [n, { data }] of beats.entries()) {
      const afterMs = data.time - began;
      assert(Math.abs(afterMs - (n + 1) * 15_000) <= 1_000, `heartbeat ${n + 1} after ${afterMs} ms`);
    }
    await stream.leave();
  },
);

pure(
  "a stream whose filter lets nothing through is told its cursor within 2 s, by a block of an id alone",
  async () => {
    await using s = httpScene();
    await s.append("tick", [aTrade()]);
    const stream = await s.stream("/sse/tick?symbols=NOBODY");
    const blocksBefore = stream.blocks().length;
    const first = await s.append("tick", [aTrade({ tid: "2" }), aTrade({ tid: "3" })]);
    await s.clock.advance(2_000);
    assertEquals(stream.blocks().slice(blocksBefore), [`id: ${first}`]);
    await s.clock.advance(5_000);
    assertEquals(stream.blocks().length, blocksBefore + 1, "told again although nothing moved");
    const second = await s.append("tick", [aTrade({ tid: "4" })]);
    await s.clock.advance(2_000);
    assertEquals(stream.blocks().slice(blocksBefore), [`id: ${first}`, `id: ${second}`]);
    await stream.leave();
  },
);

pure(
  "a stream that moves all the time without an event for its client tells the cursor every 2 s at least",
  async () => {
    await using s = httpScene();
    await s.append("tick", [aTrade()]);
    const stream = await s.stream("/sse/tick?symbols=NOBODY");
    for (let n = 0; n < 12; n++) {
      const had = stream.blocks().length;
      for (let k = 0; k < 20; k++) {
        await s.append("tick", [aTrade({ tid: `${n}.${k}` })]);
        await s.clock.advance(100);
      }
      assert(
        stream.blocks().slice(had).some((block) => /^id: tick:[0-9a-z]+-\d+/.test(block)),
        `second ${2 * n}`,
      );
    }
    assertEquals(stream.ids(), []);
    await stream.leave();
  },
);
