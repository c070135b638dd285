import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { EDGE_ROWS, SYMBOL_ROWS } from "../../../src/edge/report/metrics_edge.ts";
import { INGEST_ROWS } from "../../../src/edge/report/metrics_ingest.ts";
import { BroadcastLog } from "../../../src/edge/deliver/broadcast_log.ts";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import { createLog } from "../../../src/feed/log.ts";
import { assertSamples, readSamples, type Samples } from "../../support/exposition.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { noClients } from "../../../src/edge/report/stats_report.ts";
import {
  aChannel,
  aConnection,
  anIngestHealth,
  aPlan,
  someLags,
} from "../../support/ingest_health_factory.ts";
import { anOperationalSide, type OperationalScene } from "../../support/operational_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

async function scrape(scene: Awaited<ReturnType<typeof anOperationalSide>>): Promise<Samples> {
  return readSamples(await (await scene.request("GET", "/metrics")).text());
}

const told = (over: OperationalScene = {}) =>
  anOperationalSide({ ingest: anIngestHealth(), plan: aPlan(), ...over });

pure("metrics equal the counters they are read from, scrape after scrape", async () => {
  using scene = await told();
  scene.counters.active.ws = 3;
  scene.counters.accepted.sse = 9;
  scene.counters.gap("slow");
  scene.counters.gap("slow");
  scene.counters.refuse("OVERLOADED");
  scene.counters.drop("bad_json", 5);
  scene.counters.slowWarned = 2;
  for (let n = 1; n <= 3; n++) {
    scene.counters.sent(10, 100, 1000);
    const values = await scrape(scene);
    assertSamples(values, {
      ws_messages_sent_total: 10 * n,
      tickcast_events_sent_total: 100 * n,
      tickcast_bytes_sent_total: 1000 * n,
      'ws_active_connections{transport="ws"}': 3,
      'tickcast_connections_accepted_total{transport="sse"}': 9,
      'tickcast_gaps_told_total{cause="slow"}': 2,
      'tickcast_connections_refused_total{code="OVERLOADED"}': 1,
      'tickcast_edge_drops_total{reason="bad_json"}': 5,
      ws_slow_consumers_total: 2,
      tickcast_memory_bytes: 123_000_000,
    });
  }
});

pure("ingest's report becomes metrics by connection, channel and reason", async () => {
  using scene = await told();
  const values = await scrape(scene);
  assertSamples(values, {
    'tickcast_upstream_up{connection="connection_1"}': 1,
    'tickcast_upstream_latency_seconds{connection="connection_1"}': 0.018,
    'tickcast_channel_processed_total{stream="tick"}': 5000,
    'tickcast_channel_dropped_total{stream="tick",reason="overflow"}': 2,
    'tickcast_channel_gaps_total{stream="tick",cause="overflow"}': 1,
    'tickcast_ingest_drops_total{reason="not_json"}': 1,
    'tickcast_list_depth{list="tick"}': 1000,
    'tickcast_stream_state{stream="tick",state="live"}': 1,
    'tickcast_stream_state{stream="tick",state="stale"}': 0,
  });
});

pure("lags that ingest counted become a histogram of Prometheus's form: cumulated, in seconds", async () => {
  const received = someLags(18, 3);
  const counts = received.counts.with(0, 2).with(-1, 5);
  const lags = { received: { counts, sumMs: 500_000 }, appended: someLags(0, 0) };
  using scene = await told({ ingest: anIngestHealth({ channels: [aChannel({ lags })] }) });
  const values = await scrape(scene);
  const bucket = (le: string) =>
    values.get(`tickcast_ingest_lag_seconds_bucket{stream="tick",hop="received",le="${le}"}`);
  assertEquals(["0.001", "0.01", "0.025", "60", "+Inf"].map(bucket), [2, 2, 5, 5, 10]);
  assertSamples(values, {
    'tickcast_ingest_lag_seconds_count{stream="tick",hop="received"}': 10,
    'tickcast_ingest_lag_seconds_sum{stream="tick",hop="received"}': 500,
    'tickcast_ingest_lag_seconds_count{stream="tick",hop="appended"}': 0,
  });
});

pure("a report of another release, with other buckets or none, loses its histograms only", async () => {
  const { lags: _lags, gapsByCause: _gaps, ...older } = aChannel();
  const other = { ...older, lags: { received: { counts: [1, 2], sumMs: 3 } } };
  for (const channel of [older, other]) {
    const ingest = { ...anIngestHealth(), channels: [channel] };
    using scene = await told();
    await scene.store.writeNote("health:ingest", JSON.stringify(ingest), undefined);
    const values = await scrape(scene);
    assertEquals(values.get('tickcast_channel_processed_total{stream="tick"}'), 5000);
    assertEquals([...values.keys()].filter((name) => name.startsWith("tickcast_ingest_lag_seconds")), []);
  }
});

pure("what is not known is absent rather than zero", async () => {
  using scene = await told({
    ingest: anIngestHealth({
      connections: [aConnection({ latencyMs: null })],
      channels: [aChannel({ upstreamLagMs: null, lastProcessedAt: null })],
    }),
  });
  const values = await scrape(scene);
  using alone = await anOperationalSide();
  const without = await scrape(alone);
  using whole = await told();
  const known = await scrape(whole);
  for (
    const [name, absentFrom] of [
      ['tickcast_upstream_latency_seconds{connection="connection_1"}', values],
      ['tickcast_channel_upstream_lag_seconds{stream="tick"}', values],
      ["tickcast_ingest_report_age_seconds", without],
    ] as const
  ) {
    assertEquals([known.has(name), absentFrom.has(name)], [true, false], name);
  }
});

pure("flushes and lags are observed as they happen", async () => {
  using scene = await told();
  scene.counters.observers.broadcast?.("tick", 0.004);
  scene.counters.observers.lag?.("tick", "pulled", 120);
  scene.counters.observers.lag?.("tick", "sent", -5);
  scene.counters.observers.lag?.("tick", "flushed", 4);
  const values = await scrape(scene);
  assertSamples(values, {
    'ws_broadcast_duration_seconds_count{stream="tick"}': 1,
    'ws_broadcast_duration_seconds_bucket{le="0.005",stream="tick"}': 1,
    'tickcast_lag_seconds_sum{stream="tick",hop="pulled"}': 0.12,
    'tickcast_lag_seconds_sum{stream="tick",hop="sent"}': 0,
    'tickcast_lag_seconds_sum{stream="tick",hop="flushed"}': 0.004,
  });
});

pure("broadcasts are logged as a sample a second and stream", async () => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = createLog({ level: "debug", write: (line) => void lines.push(line), clock });
  const broadcasts = new BroadcastLog(log, clock, new EdgeCounters(clock));
  for (let n = 0; n < 250; n++) {
    broadcasts.note("tick", n === 120 ? 0.25 : 0.001);
    if (n % 2 === 0) broadcasts.note("minute", 0.001);
    await clock.advance(10);
  }
  const told = lines.map((line) => JSON.parse(line));
  const of = (stream: string) => told.filter((one) => one.stream === stream);
  assertEquals([of("tick").length, of("minute").length], [3, 3]);
  assertEquals([of("tick")[1].flushes, of("tick")[2].slowest_ms], [100, 250]);
});

pure("symbols become labels only when asked for, and then a bounded number", async () => {
  const clients = {
    ...noClients,
    subscriptionsBySymbol: () => new Map(Array.from({ length: 100_000 }, (_, n) => [`S${n}`, 1])),
  };
  using quiet = await told({ clients });
  assertNotMatch(await (await quiet.request("GET", "/metrics")).text(), /S1234|symbol=/);
  using loud = await told({ clients, metricsBySymbol: true });
  const lines = (await (await loud.request("GET", "/metrics")).text()).match(/symbol="/g) ?? [];
  assertEquals(lines.length, 1000);
});

pure("flushes are told by symbol only when asked for, and then a bounded number of symbols", async () => {
  using loud = await told({ metricsBySymbol: true });
  const { observers } = loud.counters;
  for (let n = 0; n < 5_000; n++) observers.broadcastOf?.("tick", `S${n}`, 0.001);
  const counts = [...(await scrape(loud))].filter(([name]) =>
    name.startsWith("ws_broadcast_duration_seconds_count")
  );
  assertEquals(counts.length, 1001);
  assertEquals(counts.find(([name]) => name.includes('symbol="other"'))?.[1], 4000);
  using quiet = await told();
  assertEquals(quiet.counters.observers.broadcastOf, undefined);
});

pure("label values written by strangers can't break the exposition", async () => {
  using scene = await told({
    ingest: anIngestHealth({ dropsByReason: { 'x"\n} 1\nforged_total 99': 1 } }),
  });
  const values = await scrape(scene);
  assertEquals(values.has("forged_total"), false);
});

pure("two edges in a process keep their metrics apart", async () => {
  using one = await told();
  using other = await told();
  one.counters.sent(7, 7, 7);
  assertEquals((await scrape(one)).get("ws_messages_sent_total"), 7);
  assertEquals((await scrape(other)).get("ws_messages_sent_total"), 0);
});

pure("every metric has a name of the form, a help text and no label that can grow by itself", () => {
  const rows = [...EDGE_ROWS, ...INGEST_ROWS, ...SYMBOL_ROWS];
  assertEquals(new Set(rows.map((row) => row.name)).size, rows.length);
  for (const { name, help, kind, labels } of rows) {
    assertMatch(name, /^(ws|tickcast)_[a-z0-9_]+$/);
    assertEquals(kind === "counter", name.endsWith("_total"), name);
    assertMatch(help, /\.$/);
    assertEquals(labels.includes("symbol"), SYMBOL_ROWS.some((row) => row.name === name), name);
    for (const label of labels) assertNotMatch(label, /client|subject|ip|address/);
  }
});

Deno.test("docs/health.md lists every metric, with its kind and labels", async () => {
  const text = await Deno.readTextFile(new URL("../../../docs/health.md", import.meta.url));
  const page = text.replace(/ +/g, " ");
  for (const { name, kind, labels } of [...EDGE_ROWS, ...INGEST_ROWS, ...SYMBOL_ROWS]) {
    const row = `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(", ")} |`.replace(
      / +/g,
      " ",
    );
    assertEquals(page.includes(row), true, row);
  }
  using scene = await told();
  const exposition = await (await scene.request("GET", "/metrics")).text();
  for (const [, name] of exposition.matchAll(/^# TYPE (\w+)/gm)) {
    assertEquals(page.includes(`\`${name}\``), true, name);
  }
});

pure("a throw inside costs that request only, and nothing of it is said", async () => {
  using scene = await told();
  scene.store.usage = () => {
    throw new Error("redis://edge:SECRET@host:6379 is broken");
  };
  for (const path of ["/metrics", "/api/cost"]) {
    const response = await scene.request("GET", path);
    const text = await response.text();
    assertEquals([response.status, JSON.parse(text).error.code, text.includes("SECRET")], [
      500,
      "INTERNAL",
      false,
    ]);
  }
  for (const path of ["/health", "/health/streams", "/ws/stats"]) {
    const response = await scene.request("GET", path);
    await response.body?.cancel();
    assertEquals(response.status, 200, path);
  }
});
