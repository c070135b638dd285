/**
 * A scrape of `/metrics` with a full report of ingest and 5 000 clients: it must stay well under the 25 ms of a premium
 * flush, so that nobody notices being watched. By symbol it costs more: that is what the setting's own words say.
 */
import { EdgeCounters } from "../src/edge/edge_counters.ts";
import { factsWithoutEdge } from "../src/edge/report/health_facts.ts";
import { operational } from "../src/edge/report/operational_routes.ts";
import { systemClock } from "../src/feed/clock.ts";
import { silentLog } from "../src/feed/log.ts";
import { STREAM_SPECS, STREAMS } from "../src/feed/stream.ts";
import { createMemoryStore } from "../src/store/memory/memory_store.ts";
import { aChannel, aConnection, anIngestHealth, aPlan } from "../tests/support/ingest_health_factory.ts";

const store = createMemoryStore(systemClock);
const channels = STREAM_SPECS.map(({ name }) => aChannel({ stream: name }));
const connections = [1, 2, 3].map((n) => aConnection({ id: `connection_${n}` }));
await store.writeNote("health:ingest", JSON.stringify(anIngestHealth({ channels, connections })), undefined);
await store.writeNote("plan", JSON.stringify(aPlan()), undefined);
const tiers = ["premium", "standard", "free"];
const clients = Array.from(
  { length: 5_000 },
  (_, n) => ({ tier: tiers[n % 3] ?? "free", symbol: `S${n % 800}` }),
);
const counters = [new EdgeCounters(systemClock), new EdgeCounters(systemClock)] as const;
const [plain, bySymbol] = counters.map((own, n) =>
  operational({
    settings: { adminToken: undefined, adminPort: undefined, privateStats: false, metricsBySymbol: n === 1 },
    store,
    clock: systemClock,
    log: silentLog,
    streams: STREAMS,
    facts: factsWithoutEdge("edge-1", systemClock.now(), "bench"),
    counters: own,
    clients: {
      clientsByTier: () => count(clients.map(({ tier }) => tier)),
      subscriptionsBySymbol: () => count(clients.map(({ symbol }) => symbol)),
    },
    memoryBytes: () => 0,
  })
);
for (const { name } of STREAM_SPECS) {
  counters[0].observers.broadcast?.(name, 0.001);
  for (let n = 0; n < 100; n++) counters[1].observers.broadcastOf?.(name, `S${n}`, 0.001);
}

function count(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

Deno.bench("a scrape, 5 000 clients", async () => {
  await (await plain?.routes.request("/metrics"))?.text();
});

Deno.bench("a scrape, 5 000 clients, METRICS_BY_SYMBOL with 500 series", async () => {
  await (await bySymbol?.routes.request("/metrics"))?.text();
});

Deno.bench("/health/streams", async () => {
  await (await plain?.routes.request("/health/streams"))?.text();
});
