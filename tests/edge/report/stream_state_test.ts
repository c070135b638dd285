import { assertEquals } from "@std/assert";
import {
  cadenceOf,
  eventAgeMs,
  INGEST_SILENT_MS,
  type IngestSays,
  judgeStream,
  STORE_SILENT_MS,
  type StreamObservation,
} from "../../../src/edge/report/stream_state.ts";
import type { StreamState } from "../../../src/feed/health.ts";
import { A_MONDAY } from "../../support/event_factory.ts";

const now = A_MONDAY;
const HOUR = 3_600_000;

const anIngest = (over: Partial<IngestSays> = {}): IngestSays => ({
  reportAgeMs: 2_000,
  upForMs: HOUR,
  channel: "on",
  newest: { rx: now - 2_500, ageMs: 500 },
  connections: [{ status: "connected", frameAgeMs: 100 }],
  ...over,
});

const aSight = (over: Partial<StreamObservation> = {}): StreamObservation => ({
  stream: "tick",
  now,
  planned: true,
  plannedSymbols: Infinity,
  session: "regular",
  storeSilentMs: 0,
  edgeEventRx: now - 300,
  headMovedAt: now - 200,
  wanted: true,
  ingest: anIngest(),
  ...over,
});

/** Nothing came for so long, and everybody agrees. */
const silentFor = (ms: number, over: Partial<StreamObservation> = {}): StreamObservation =>
  aSight({
    edgeEventRx: now - ms,
    headMovedAt: now - ms,
    ingest: anIngest({ newest: { rx: now - ms, ageMs: ms - 2_000 } }),
    ...over,
  });

const CASES: readonly (readonly [name: string, seen: StreamObservation, state: StreamState])[] = [
  ["events arriving are live", aSight(), "live"],
  ["a replay on a Sunday is live, for data beats the calendar", aSight({ session: "closed" }), "live"],
  [
    "fresh data is live although no upstream connection says it is up",
    aSight({ ingest: anIngest({ connections: [] }) }),
    "live",
  ],
  [
    "fresh data is live although no ingest has reported",
    aSight({ ingest: undefined }),
    "live",
  ],
  [
    "a connection that is up without data is not live",
    silentFor(20_000),
    "quiet",
  ],
  ["silence past what is due in regular hours is stale", silentFor(31_000), "stale"],
  ["a holiday is closed, not a fault", silentFor(20 * HOUR, { session: "closed" }), "closed"],
  [
    "few symbols may be silent for minutes",
    silentFor(10 * 60_000, { plannedSymbols: 1 }),
    "quiet",
  ],
  [
    "few symbols silent for a quarter of an hour in regular hours are stale",
    silentFor(16 * 60_000, { plannedSymbols: 1 }),
    "stale",
  ],
  [
    "few symbols may be silent all of pre-market",
    silentFor(3 * HOUR, { plannedSymbols: 1, session: "extended" }),
    "quiet",
  ],
  [
    "all symbols silent in pre-market for long are stale",
    silentFor(11 * 60_000, { session: "extended" }),
    "stale",
  ],
  ["a stream outside the plan is off", aSight({ planned: false }), "off"],
  ["a stream ingest does not run is off", aSight({ ingest: anIngest({ channel: "off" }) }), "off"],
  ["a stopped stream is off", aSight({ ingest: anIngest({ channel: "stopped" }) }), "off"],
  [
    "a failed channel without data is down",
    silentFor(20_000, { ingest: anIngest({ channel: "failed", newest: undefined }) }),
    "down",
  ],
  [
    "an ingest that never reported is down",
    aSight({ edgeEventRx: undefined, headMovedAt: undefined, ingest: undefined }),
    "down",
  ],
  [
    "an ingest that stopped reporting is down, in closed hours too",
    silentFor(HOUR, { session: "closed", ingest: anIngest({ reportAgeMs: INGEST_SILENT_MS + 1 }) }),
    "down",
  ],
  [
    "no upstream connection up is down",
    silentFor(20_000, { ingest: anIngest({ connections: [{ status: "error", frameAgeMs: null }] }) }),
    "down",
  ],
  [
    "a connection between two sockets is not yet down",
    silentFor(20_000, {
      ingest: anIngest({
        newest: { rx: now - 20_000, ageMs: 18_000 },
        connections: [{ status: "connecting", frameAgeMs: 3_000 }],
      }),
    }),
    "quiet",
  ],
  [
    "an unreachable store makes what is held stale at once",
    aSight({ storeSilentMs: STORE_SILENT_MS + 1 }),
    "stale",
  ],
  [
    "an unreachable store and nothing held is down",
    aSight({ storeSilentMs: 60_000, edgeEventRx: undefined, headMovedAt: undefined }),
    "down",
  ],
  [
    "a wanted stream that lags what ingest has is stale",
    silentFor(20_000, { ingest: anIngest() }),
    "stale",
  ],
  [
    "a stream nobody here wants goes by what ingest says",
    silentFor(20 * HOUR, { wanted: false, ingest: anIngest() }),
    "live",
  ],
  [
    "a stream nobody wants and ingest has nothing new of is judged by the calendar",
    silentFor(20 * HOUR, { wanted: false, session: "closed" }),
    "closed",
  ],
  [
    "a minute stream is live between two minutes",
    silentFor(62_000, { stream: "minute" }),
    "live",
  ],
  [
    "signals are never overdue",
    silentFor(5 * HOUR, { stream: "signal" }),
    "quiet",
  ],
  [
    "nothing ever, soon after the start, is quiet",
    aSight({
      edgeEventRx: undefined,
      headMovedAt: undefined,
      ingest: anIngest({ newest: undefined, upForMs: 5_000 }),
    }),
    "quiet",
  ],
  [
    "nothing ever, long after the start, is stale",
    aSight({
      edgeEventRx: undefined,
      headMovedAt: undefined,
      ingest: anIngest({ newest: undefined, upForMs: HOUR }),
    }),
    "stale",
  ],
  [
    "an ingest whose clock is an hour ahead does not keep a silent stream live",
    aSight({
      edgeEventRx: now + HOUR,
      headMovedAt: now - 60_000,
      ingest: anIngest({ newest: { rx: now + HOUR, ageMs: 58_000 } }),
    }),
    "stale",
  ],
  [
    "an ingest whose clock is an hour behind does not hide a live stream",
    aSight({ edgeEventRx: now - HOUR, headMovedAt: now - 500 }),
    "live",
  ],
];

for (const [name, seen, state] of CASES) {
  Deno.test({
    name: `judgeStream(): ${name}`,
    permissions: "none",
    fn: () => assertEquals(judgeStream(seen).state, state, judgeStream(seen).detail),
  });
}

Deno.test({
  name: "eventAgeMs() adds the report's own age to what ingest said and never goes below zero",
  permissions: "none",
  fn() {
    const unseen = aSight({ edgeEventRx: undefined, headMovedAt: undefined });
    assertEquals(eventAgeMs(unseen), 2_500);
    assertEquals(eventAgeMs({ ...unseen, ingest: undefined }), undefined);
    assertEquals(eventAgeMs(aSight({ headMovedAt: now + 50 })), 0);
  },
});

Deno.test({
  name: "cadenceOf() never lets live outlast due",
  permissions: "none",
  fn() {
    for (const stream of ["tick", "minute", "fmv", "signal", "heatmap", "of_tomorrow"]) {
      const { liveForMs, dueAfterMs } = cadenceOf(stream);
      assertEquals(liveForMs < dueAfterMs, true, stream);
    }
  },
});
