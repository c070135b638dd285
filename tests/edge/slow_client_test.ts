/** Slow clients: warned, conflated, closed with a cursor, in bounded time and bytes; fast ones don't notice. */
import { assert, assertEquals } from "@std/assert";
import { SlowPolicy } from "../../src/edge/follow/slow_policy.ts";
import { aMinute, aTrade } from "../support/event_factory.ts";
import { sessionScene } from "./session_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });
const trades = (count: number) =>
  Array.from({ length: count }, (_, n) => aTrade({ tid: String(n), t: 1000 + n }));

/** One of all ticks that reads nothing any more once it is subscribed. */
async function aStalledClient(s: ReturnType<typeof sessionScene>) {
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["*"] });
  await s.clock.advance(50);
  client.socket.isStalled = true;
  return client;
}

pure(
  "a client that stops reading is warned, then closed 4001 with the cursor to come back with",
  async () => {
    await using s = sessionScene();
    const client = await aStalledClient(s);
    for (let n = 0; n < 60; n++) {
      await s.rig.writer.append("tick", trades(10));
      await s.clock.advance(30);
    }
    assertEquals(client.socket.closeCode, 4001);
    assertEquals(s.rig.edge.hub.size, 0);
    assertEquals([s.rig.edge.counters.slowWarned, s.rig.edge.counters.slowClosed], [1, 1]);
    client.socket.drain();
    const warnings = client.of("warning");
    assertEquals(warnings.map(({ code }) => code), ["SLOW_CONSUMER", "SLOW_CONSUMER"]);
    const last = client.of("events").at(-1);
    assertEquals(warnings.at(-1)?.cursor, last?.cursor);
  },
);

pure("a stuck client pins one frame and a few messages, however much flows", async () => {
  await using s = sessionScene({ settings: { slowConsumerTimeoutMs: 60_000 } });
  const client = await aStalledClient(s);
  for (let n = 0; n < 200; n++) {
    await s.rig.writer.append("tick", trades(200));
    await s.clock.advance(30);
  }
  assert(client.socket.bufferedAmount < 300 * 1024, `${client.socket.bufferedAmount} bytes wait`);
});

pure(
  "one that falls behind for a moment gets merged ticks with their count, then every event again",
  async () => {
    await using s = sessionScene();
    const client = await aStalledClient(s);
    for (let n = 0; n < 10; n++) {
      await s.rig.writer.append("tick", trades(10));
      await s.clock.advance(30);
    }
    client.socket.isStalled = false;
    client.socket.drain();
    await s.clock.advance(30);
    const merged = client.of("events").flatMap(({ events }) => Array.isArray(events) ? events : []).filter((
      { n },
    ) => n > 1);
    assert(merged.length >= 1, "nothing was merged");
    for (let n = 0; n < 120; n++) {
      await s.rig.writer.append("tick", trades(2));
      await s.clock.advance(30);
    }
    assertEquals(client.of("warning").map(({ code }) => code), ["SLOW_CONSUMER", "RECOVERED"]);
    const before = client.ids().length;
    await s.rig.writer.append("tick", trades(20));
    await s.clock.advance(60);
    assertEquals(client.ids().length - before, 20);
    assertEquals(client.socket.closeCode, undefined);
  },
);

pure("a fast client beside a stuck one gets everything on time", async () => {
  await using s = sessionScene();
  const [stuck, fast] = [s.client(), s.client()];
  for (const client of [stuck, fast]) client.say({ action: "subscribe", symbols: ["*"] });
  await s.clock.advance(50);
  stuck.socket.isStalled = true;
  for (let n = 1; n <= 40; n++) {
    await s.rig.writer.append("tick", trades(5));
    await s.clock.advance(40);
    assertEquals(fast.ids().length, n * 5);
  }
});

pure("what the ring drops before a client can read it is a gap with the exact count", async () => {
  await using s = sessionScene({ settings: { slowConsumerTimeoutMs: 1e9, ringBytes: 1000 } });
  const client = s.client("premium", ["minute"]);
  client.say({ action: "subscribe", symbols: ["*"] });
  await s.rig.writer.append("minute", [aMinute()]);
  await s.clock.advance(200);
  client.socket.isStalled = true;
  await s.rig.writer.append("minute", [aMinute({ t: 60_000, end: 120_000 })]);
  await s.clock.advance(200);
  for (let n = 0; n < 30; n++) {
    await s.rig.writer.append(
      "minute",
      Array.from({ length: 100 }, (_, k) => aMinute({ t: (n * 100 + k) * 60_000 })),
    );
    await s.clock.advance(120);
  }
  client.socket.isStalled = false;
  client.socket.drain();
  await s.clock.advance(5000);
  const [gap] = client.of("gap");
  const seqs = client.ids().map((id) => Number(id.split("-")[1]));
  assertEquals(gap?.cause, "slow");
  assertEquals(seqs.length + Number(gap?.lost), 3001);
  assertEquals(seqs, [...seqs].sort((a, b) => a - b));
});

pure("SlowPolicy closes over the hard bound at once, over the soft one after its time", () => {
  const limits = { softBytes: 100, hardBytes: 200, maxFrames: 5, timeoutMs: 1000 };
  const policy = new SlowPolicy(limits);
  assertEquals(policy.observe(0, 0, 0), "send");
  assertEquals(policy.observe(1, 101, 0), "hold");
  assertEquals(policy.observe(1000, 101, 0), "hold");
  assertEquals(policy.observe(1001, 101, 0), "close");
  assertEquals(new SlowPolicy(limits).observe(0, 201, 0), "close");
  assertEquals(new SlowPolicy(limits).observe(0, 1, 5), "hold");
});

pure("SlowPolicy judges nobody by a late flush, nor by what was handed over in the same run", () => {
  const policy = new SlowPolicy({ softBytes: 100, hardBytes: 200, maxFrames: 2, timeoutMs: 1000 });
  const held = { heldTicks: 0 };
  for (let n = 1; n < 50; n++) assertEquals(policy.judge(held, 0, 50, n, true), "hold");
  assertEquals([held.heldTicks, policy.isOver], [0, false]);
  assertEquals(policy.judge(held, 60, 50, 60, false), "send");
});
