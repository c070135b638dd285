/** Several connections: failover, home-coming, redundancy. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { refusalOf } from "../../../src/ingest/upstream/refusal.ts";
import type { FakeSocket } from "../../support/fake_upstream.ts";
import { ask, type IngestScene, scene, start, stop } from "../../support/ingest_scene.ts";

const THREE = {
  USE_MULTI_CONNECTION: "true",
  WEBSOCKET_CONNECTION_2_ENABLED: "true",
  WEBSOCKET_CONNECTION_3_ENABLED: "true",
  WEBSOCKET_CONNECTION_1_SYMBOLS: "A1,A2,A3,A4",
  WEBSOCKET_CONNECTION_2_SYMBOLS: "B1,B2",
  WEBSOCKET_CONNECTION_3_SYMBOLS: "C1,C2",
};

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const held = (socket: FakeSocket | undefined) =>
  [...socket?.held ?? []].map((topic) => topic.slice(2)).sort().join();

/** The open socket that carries a ticker, told by what it holds. */
const carrier = (s: IngestScene, ticker: string) =>
  s.upstream.open.filter((socket) => socket.held.has(`A.${ticker}`));

test("three connections are up at once, each with its own tickers", async () => {
  const s = scene();
  const { ingest } = await start(s, THREE);
  await s.clock.advance(1_000);
  assertEquals(s.upstream.open.map(held), ["A1,A2,A3,A4", "B1,B2", "C1,C2"]);
  assertEquals(ingest.health().connections.map((one) => [one.name, one.status, one.tickers]), [
    ["primary", "connected", 4],
    ["secondary", "connected", 2],
    ["tertiary", "connected", 2],
  ]);
  await stop(ingest, s.clock);
});

test("a dead connection's tickers flow on the others within 15 s of its silence, and come home when it is healthy", async () => {
  const s = scene();
  const { ingest, pipeline, lines } = await start(s, THREE);
  await s.clock.advance(20_000);
  const silentAt = s.clock.now();
  const [first] = s.upstream.open;
  assert(first !== undefined);
  first.manners.pongs = false;
  s.upstream.manners.refuseOpen = refusalOf("unreachable");
  await s.clock.advance(15_000);
  assertEquals(s.upstream.open.length, 2);
  for (const ticker of ["A1", "A2", "A3", "A4"]) assertEquals(carrier(s, ticker).length, 1, ticker);
  assertEquals(s.upstream.open.map((socket) => socket.held.size), [4, 4]);
  const [gap] = pipeline.gaps;
  assertEquals([pipeline.gaps.length, gap?.stream, gap?.cause, gap?.lost], [1, "tick", "upstream", null]);
  assert(gap !== undefined && Math.abs(gap.from - silentAt) <= 3_100 && gap.to - gap.from < 15_000);

  s.upstream.manners.refuseOpen = undefined;
  await s.clock.advance(60_000);
  assertEquals(s.upstream.open.map(held).sort(), ["A1,A2,A3,A4", "B1,B2", "C1,C2"]);
  const moves = lines.filter((line) => line.event === "upstream_failover").map((line) => line.fields.what);
  assertEquals(moves, ["moved", "home_again"]);
  // No storm: away and back is one message each way on each carrier.
  for (const socket of s.upstream.open) {
    assert(socket.messages.length <= 4, `${socket.messages.length} messages`);
  }
  await stop(ingest, s.clock);
});

test("a home-comer carries its tickers before the others let go of them", async () => {
  const s = scene();
  const { ingest } = await start(s, THREE);
  await s.clock.advance(20_000);
  s.upstream.manners.refuseOpen = refusalOf("unreachable");
  s.upstream.open[0]?.end();
  await s.clock.advance(10_000);
  s.upstream.manners.refuseOpen = undefined;
  for (let n = 0; n < 600; n++) {
    await s.clock.advance(100);
    for (const ticker of ["A1", "A2", "A3", "A4"]) assert(carrier(s, ticker).length >= 1, ticker);
  }
  assertEquals(s.upstream.open.map((socket) => socket.held.size).sort(), [2, 2, 4]);
  await stop(ingest, s.clock);
});

test("a blip that is over within a second moves nothing", async () => {
  const s = scene();
  const { ingest, lines } = await start(s, THREE);
  await s.clock.advance(20_000);
  s.upstream.open[0]?.end();
  await s.clock.advance(20_000);
  assertEquals(lines.filter((line) => line.event === "upstream_failover"), []);
  assertEquals(s.upstream.open.length, 3);
  await stop(ingest, s.clock);
});

test("an evicted connection's tickers move at once: it will rest for a minute", async () => {
  const s = scene();
  const { ingest } = await start(s, THREE);
  await s.clock.advance(20_000);
  s.upstream.open[0]?.say({ ev: "status", status: "max_connections", message: "" });
  await s.clock.advance(1_000);
  for (const ticker of ["A1", "A2", "A3", "A4"]) assertEquals(carrier(s, ticker).length, 1, ticker);
  const { connections } = ingest.health();
  assertEquals(connections.map((one) => one.status), ["error", "connected", "connected"]);
  // Operators see where tickers ride, not where they would.
  assertEquals(connections.map((one) => one.tickers), [0, 4, 4]);
  assert(connections[0]?.detail.includes("4 of its tickers ride on others"), connections[0]?.detail);
  assert(connections[1]?.detail.includes("carries 2 tickers of connection_1"), connections[1]?.detail);
  const found = await ask(s, { do: "lookup", ticker: "A1" });
  assert(
    found.ok && !JSON.stringify(found.result.connections).includes("connection_1"),
    JSON.stringify(found),
  );
  const riding = await ask(s, { do: "tickers", connection: "connection_2" });
  assert(riding.ok && riding.result.total === 4, JSON.stringify(riding));
  await stop(ingest, s.clock);
});

test("the carrier dies as well: what it carried moves on, what stands stays where it is", async () => {
  const s = scene();
  const { ingest } = await start(s, THREE);
  await s.clock.advance(20_000);
  const [one, two, three] = s.upstream.open;
  s.upstream.manners.refuseOpen = refusalOf("unreachable");
  one?.end();
  await s.clock.advance(3_000);
  two?.end();
  await s.clock.advance(3_000);
  assertEquals(held(three), "A1,A2,A3,A4,B1,B2,C1,C2");
  await stop(ingest, s.clock);
});

test("with failover switched off a dead connection's tickers wait for it", async () => {
  const s = scene();
  const { ingest } = await start(s, { ...THREE, WEBSOCKET_FAILOVER_ENABLED: "false" });
  await s.clock.advance(20_000);
  s.upstream.manners.refuseOpen = refusalOf("unreachable");
  s.upstream.open[0]?.end();
  await s.clock.advance(30_000);
  assertEquals(carrier(s, "A1").length, 0);
  await stop(ingest, s.clock);
});

test("all down: nothing moves, one gap is told when they are back", async () => {
  const s = scene();
  const { ingest, pipeline } = await start(s, THREE);
  await s.clock.advance(20_000);
  const at = s.clock.now();
  s.upstream.manners.refuseOpen = refusalOf("unreachable");
  for (const socket of s.upstream.open) socket.end();
  await s.clock.advance(10_000);
  assertEquals(pipeline.gaps, []);
  s.upstream.manners.refuseOpen = undefined;
  await s.clock.advance(40_000);
  assertEquals(pipeline.gaps.length, 3);
  for (const gap of pipeline.gaps) assert(gap.from <= at && gap.to >= at + 10_000);
  await stop(ingest, s.clock);
});

test("a critical symbol rides on two connections, and losing one is no gap for it", async () => {
  const s = scene();
  const { ingest, pipeline } = await start(s, {
    USE_MULTI_CONNECTION: "true",
    WEBSOCKET_CONNECTION_2_ENABLED: "true",
    WEBSOCKET_CONNECTION_1_SYMBOLS: "AAPL",
    WEBSOCKET_CONNECTION_2_SYMBOLS: "MSFT",
    CRITICAL_SYMBOLS: "AAPL",
  });
  await s.clock.advance(20_000);
  assertEquals(carrier(s, "AAPL").length, 2);
  s.upstream.manners.refuseOpen = refusalOf("unreachable");
  s.upstream.open[0]?.end();
  await s.clock.advance(20_000);
  assertEquals(carrier(s, "AAPL").length, 1);
  s.upstream.manners.refuseOpen = undefined;
  await s.clock.advance(40_000);
  assertEquals(carrier(s, "AAPL").length, 2);
  assertEquals(pipeline.gaps, []);
  await stop(ingest, s.clock);
});

test("minute bars are told missing while their connection is down, and back when they are", async () => {
  const s = scene();
  const { ingest, pipeline } = await start(s, { DATA_FREQUENCIES: "tick,minute", TICK_SYMBOLS: "AAPL" });
  await s.clock.advance(20_000);
  assertEquals(pipeline.minuteStream.at(-1), { up: true, symbols: ["AAPL"] });
  s.upstream.open[0]?.end();
  await s.clock.advance(0);
  assertEquals(pipeline.minuteStream.at(-1), { up: false, symbols: ["AAPL"] });
  await s.clock.advance(20_000);
  assertEquals(pipeline.minuteStream.at(-1), { up: true, symbols: ["AAPL"] });
  assertEquals(pipeline.gaps.map((gap) => gap.stream).sort(), ["minute", "tick"]);
  await stop(ingest, s.clock);
});

test("whatever goes wrong whenever, each ticker is carried again in the end, once, by its home", async () => {
  const trouble = fc.record({
    which: fc.nat(2),
    afterMs: fc.integer({ min: 0, max: 20_000 }),
    what: fc.constantFrom("drop", "evict", "close", "deaf", "outage", "forget"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(trouble, { minLength: 1, maxLength: 8 }), async (troubles) => {
      const s = scene();
      const { ingest } = await start(s, THREE);
      await s.clock.advance(1_000);
      for (const { which, afterMs, what } of troubles) {
        await s.clock.advance(afterMs);
        s.upstream.manners.refuseOpen = what === "outage" ? refusalOf("outage") : undefined;
        s.upstream.manners.acks = what === "forget" ? (topic) => topic.endsWith("1") : () => true;
        const socket = s.upstream.open[which];
        if (what === "deaf" && socket !== undefined) socket.manners.pongs = false;
        else socket?.end(what === "evict" ? 1008 : what === "close" ? 1001 : 1006);
      }
      s.upstream.manners.refuseOpen = undefined;
      s.upstream.manners.acks = () => true;
      for (const socket of s.upstream.open) socket.manners.acks = () => true;
      // As long as the longest rest.
      await s.clock.advance(4_600_000);
      assertEquals(s.upstream.open.map(held).sort(), ["A1,A2,A3,A4", "B1,B2", "C1,C2"]);
      await stop(ingest, s.clock);
      assertEquals(s.clock.pending, 0);
    }),
    { numRuns: 4 },
  );
});
