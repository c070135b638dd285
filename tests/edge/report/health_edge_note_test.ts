import { assertEquals } from "@std/assert";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import {
  EDGE_NOTE_INTERVAL_MS,
  EDGE_NOTE_LIMIT_MS,
  EDGE_NOTE_TTL_MS,
  EdgeNote,
} from "../../../src/edge/report/health_edge_note.ts";
import { calendarSession } from "../../../src/edge/report/health_calendar.ts";
import { factsWithoutEdge } from "../../../src/edge/report/health_facts.ts";
import { TickcastError } from "../../../src/feed/error.ts";
import { silentLog } from "../../../src/feed/log.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

function setUp() {
  const clock = new ManualClock(A_MONDAY);
  const store = createMemoryStore(clock);
  const counters = new EdgeCounters(clock);
  const facts = factsWithoutEdge("edge-7", A_MONDAY, "1.0.0");
  return { clock, store, counters, note: new EdgeNote({ store, clock, log: silentLog, facts, counters }) };
}

pure("an edge's note is there while it runs and gone soon after", async () => {
  const { clock, store, counters, note } = setUp();
  counters.active.ws = 3;
  note.start();
  await clock.advance(EDGE_NOTE_INTERVAL_MS * 4);
  const text = await store.readNote("health:edge:edge-7");
  const told = JSON.parse(text ?? "{}");
  assertEquals([told.edge, told.connections, told.at], ["edge-7", 3, A_MONDAY + EDGE_NOTE_INTERVAL_MS * 4]);
  await note[Symbol.asyncDispose]();
  await clock.advance(EDGE_NOTE_TTL_MS + 1);
  assertEquals(await store.readNote("health:edge:edge-7"), undefined);
  assertEquals(clock.pending, 0);
});

pure("a store that hangs holds one write at a time, each given up in time", async () => {
  const { clock, store, note } = setUp();
  let open = 0;
  let most = 0;
  store.writeNote = (_name, _text, _ttl, signal) => {
    most = Math.max(most, ++open);
    return new Promise((_, reject) =>
      signal?.addEventListener("abort", () => {
        open--;
        reject(signal.reason);
      }, { once: true })
    );
  };
  note.start();
  await clock.advance(EDGE_NOTE_LIMIT_MS);
  assertEquals(open, 0);
  await clock.advance(EDGE_NOTE_INTERVAL_MS * 5);
  assertEquals(most, 1);
  await note[Symbol.asyncDispose]();
  assertEquals(open, 0);
});

pure("a store that refuses writes is asked once", async () => {
  const { clock, store, note } = setUp();
  let asked = 0;
  store.writeNote = () => {
    asked++;
    return Promise.reject(new TickcastError("STORE_REFUSED", "Cannot write as the token is read-only"));
  };
  note.start();
  await clock.advance(EDGE_NOTE_INTERVAL_MS * 3);
  assertEquals([asked, note.isRefused], [1, true]);
  await note[Symbol.asyncDispose]();
});

pure("the calendar tells trading, thin trading and closed, holidays with it", () => {
  const cases = [
    ["stocks", Date.UTC(2026, 2, 2, 15), "regular"],
    ["stocks", Date.UTC(2026, 2, 2, 10), "extended"],
    ["stocks", Date.UTC(2026, 2, 2, 22), "extended"],
    ["stocks", Date.UTC(2026, 2, 1, 15), "closed"],
    ["stocks", Date.UTC(2026, 11, 25, 16), "closed"],
    ["crypto", Date.UTC(2026, 11, 25, 16), "regular"],
    ["a market of tomorrow", Date.UTC(2026, 2, 1, 15), "regular"],
  ] as const;
  for (const [market, ms, session] of cases) assertEquals(calendarSession(market, ms), session, market);
});
