import { assert, assertEquals } from "@std/assert";
import {
  EDGE_NOTE_FAREWELL_MS,
  EDGE_NOTE_TTL_MS,
  EdgeNote,
  type EdgeNoteContent,
} from "../../../src/edge/report/health_edge_note.ts";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import { factsWithoutEdge } from "../../../src/edge/report/health_facts.ts";
import {
  FLEET_EDGES_MAX,
  FLEET_FRESH_MS,
  FLEET_READ_LIMIT_MS,
  FLEET_WAIT_MS,
  FleetReader,
} from "../../../src/edge/report/health_fleet.ts";
import { silentLog } from "../../../src/feed/log.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { ADMIN_TOKEN, anOperationalSide } from "../../support/operational_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

const aNote = (edge: string, over: Partial<EdgeNoteContent> = {}): EdgeNoteContent => ({
  at: A_MONDAY,
  edge,
  version: "1.0.0",
  startedAt: A_MONDAY - 60_000,
  phase: "serving",
  connections: 3,
  messagesSent: 100,
  messages1m: 40,
  slowClosed: 1,
  lists: ["tick"],
  ...over,
});

function setUp() {
  const clock = new ManualClock(A_MONDAY);
  const store = createMemoryStore(clock);
  let reads = 0;
  const readNotes = store.readNotes;
  store.readNotes = (...args) => {
    reads++;
    return readNotes(...args);
  };
  const fleet = new FleetReader({ store, clock, self: () => aNote("edge-1", { at: clock.now() }) });
  const write = (note: object, name: string) =>
    store.writeNote(`health:edge:${name}`, JSON.stringify(note), EDGE_NOTE_TTL_MS);
  return { clock, store, fleet, write, reads: () => reads };
}

pure("all edges are told by name, this one as it is now, and what can't be read is left out", async () => {
  const { fleet, write, store } = setUp();
  using _fleet = fleet;
  await write(aNote("edge-2", { at: A_MONDAY - 12_000, phase: "draining" }), "edge-2");
  await write(aNote("edge-1", { at: A_MONDAY - 20_000, connections: 99 }), "edge-1");
  await write({ edge: "of another release" }, "edge-0");
  await write(aNote("edge-3", { at: A_MONDAY + 5_000 }), "edge-3");
  await store.writeNote("health:ingest", JSON.stringify(aNote("ingest")), undefined);
  const report = await fleet.read();
  assertEquals([report.edge, report.read_age_ms, report.truncated], ["edge-1", 0, false]);
  assertEquals(
    report.edges.map(({ edge, age_ms, active_connections }) => [edge, age_ms, active_connections]),
    [
      ["edge-1", 0, 3],
      ["edge-2", 12_000, 3],
      ["edge-3", 0, 3],
    ],
  );
  assertEquals(report.edges[1], {
    edge: "edge-2",
    version: "1.0.0",
    phase: "draining",
    uptime_s: 48,
    active_connections: 3,
    messages_sent_1m: 40,
    slow_closed: 1,
    lists: ["tick"],
    age_ms: 12_000,
  });
});

pure("the store is not asked while nobody asks, and once per freshness time when many do", async () => {
  const { fleet, clock, reads } = setUp();
  using _fleet = fleet;
  await clock.advance(3_600_000);
  assertEquals(reads(), 0);
  await Promise.all(Array.from({ length: 50 }, () => fleet.read()));
  for (let n = 0; n < 50; n++) await fleet.read();
  assertEquals(reads(), 1);
  await clock.advance(FLEET_FRESH_MS);
  await fleet.read();
  assertEquals(reads(), 2);
});

pure(
  "with the store hanging the answer is what is known, in time, and the next read finds it again",
  async () => {
    const { fleet, clock, store, write } = setUp();
    using _fleet = fleet;
    await write(aNote("edge-2"), "edge-2");
    await fleet.read();
    const { readNotes } = store;
    let open = 0;
    store.readNotes = (_prefix, _limit, signal) => {
      open++;
      return new Promise((_, reject) =>
        signal?.addEventListener("abort", () => {
          open--;
          reject(signal.reason);
        }, { once: true })
      );
    };
    await clock.advance(FLEET_FRESH_MS);
    const pending = fleet.read();
    await clock.advance(FLEET_WAIT_MS);
    const report = await pending;
    assertEquals(report.edges.map(({ edge }) => edge), ["edge-1", "edge-2"]);
    assertEquals(report.read_age_ms, FLEET_FRESH_MS + FLEET_WAIT_MS);
    assertEquals(open, 1);
    await clock.advance(FLEET_READ_LIMIT_MS);
    assertEquals(open, 0);
    store.readNotes = readNotes;
    assertEquals((await fleet.read()).read_age_ms, 0);
  },
);

pure("a store that never answered leaves the instance that is asked, and says so", async () => {
  const { fleet, store } = setUp();
  using _fleet = fleet;
  store.readNotes = () => Promise.reject(new Error("unreachable"));
  const report = await fleet.read();
  assertEquals([report.read_age_ms, report.edges.map(({ edge }) => edge)], [null, ["edge-1"]]);
});

pure("more edges than are told are said to be more", async () => {
  const { fleet, write } = setUp();
  using _fleet = fleet;
  for (let n = 0; n <= FLEET_EDGES_MAX; n++) await write(aNote(`e${1000 + n}`), `e${1000 + n}`);
  const report = await fleet.read();
  assertEquals([report.truncated, report.edges.length], [true, FLEET_EDGES_MAX + 1]);
});

pure("disposing ends an open read and starts no other", async () => {
  const { fleet, clock, store, reads } = setUp();
  store.readNotes = (_prefix, _limit, signal) =>
    new Promise((_, reject) =>
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true })
    );
  const pending = fleet.read();
  fleet[Symbol.dispose]();
  await pending;
  assertEquals(clock.pending, 0);
  await fleet.read();
  assertEquals(reads(), 0);
});

pure("an edge that stops takes its note away, and does not wait long for a store that hangs", async () => {
  const { clock, store, fleet } = setUp();
  using _fleet = fleet;
  const facts = factsWithoutEdge("edge-7", A_MONDAY, "1.0.0");
  const aWriter = () =>
    new EdgeNote({ store, clock, log: silentLog, facts, counters: new EdgeCounters(clock) });
  const note = aWriter();
  note.start();
  await clock.advance(0);
  assertEquals((await fleet.read()).edges.map(({ edge }) => edge), ["edge-1", "edge-7"]);
  await note[Symbol.asyncDispose]();
  await clock.advance(FLEET_FRESH_MS);
  assertEquals((await fleet.read()).edges.map(({ edge }) => edge), ["edge-1"]);
  const other = aWriter();
  other.start();
  await clock.advance(0);
  store.writeNote = (_name, _text, _ttl, signal) =>
    new Promise((_, reject) =>
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true })
    );
  const stopped = other[Symbol.asyncDispose]();
  await clock.advance(EDGE_NOTE_FAREWELL_MS);
  await stopped;
  assertEquals(clock.pending, 0);
});

pure("the edges are for everybody, unless statistics are private", async () => {
  for (const privateStats of [false, true]) {
    using scene = await anOperationalSide({ privateStats });
    const open = await scene.request("GET", "/health/edges");
    assertEquals(open.status, privateStats ? 401 : 200);
    const { edge, edges } = await (await scene.request("GET", "/health/edges", { token: ADMIN_TOKEN }))
      .json();
    assertEquals([edge, edges.length], ["edge-1", 1]);
    assert(open.headers.get("cache-control") === "no-store");
    await open.body?.cancel();
  }
});
