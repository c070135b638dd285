/** What breaks while clients watch: Redis hangs, Redis comes back empty. Every client is told or loses nothing. */
import { assert, assertEquals } from "@std/assert";
import { reportTable } from "../../src/operations/load/load_report.ts";
import { startCluster } from "../support/cluster.ts";
import { metricTotal } from "../support/exposition.ts";
import { startLoad } from "../support/load_run.ts";
import { ownTime } from "../support/own_time.ts";
import { realPart } from "../support/real_parts.ts";
import { until } from "../support/until.ts";

const redis = realPart("redis-server");
const nginx = realPart("nginx");
const missing = { ignore: redis.ignore || nginx.ignore, note: redis.note || nginx.note };

/** Events this instance has pulled from its lists so far. */
const pulled = (base: string) => metricTotal([base], "tickcast_events_pulled_total");

async function moreEventsAt(base: string): Promise<void> {
  const before = await pulled(base);
  await until(async () => await pulled(base) > before + 20, `events at ${base}`, 20_000);
}

Deno.test({
  name:
    `Redis hangs and then comes back empty under load: health answers, clients stay, nothing is lost untold${missing.note}`,
  ignore: missing.ignore,
  async fn() {
    await using cluster = await startCluster({ rate: 40 });
    const [first, second] = cluster.edges;
    assert(first && second);
    const urls = ["--url", first.base, "--url", second.base];
    const loading = startLoad([...urls, "--stages", "30:0.5,30:60", "--mix", "ws:60,sse:30,poll:10"]);
    try {
      await moreEventsAt(first.base);
      cluster.redis.pause();
      for (const { base } of [first, second]) {
        for (const path of ["/health", "/health/streams", "/health/streams/tick", "/health/ready"]) {
          const ownMs = ownTime();
          await (await fetch(`${base}${path}`)).body?.cancel();
          assert(ownMs() < 1000, `${path} waits for Redis`);
        }
      }
      cluster.redis.resume();
      await moreEventsAt(first.base);
      await cluster.redis.restart();
      await Promise.all([moreEventsAt(first.base), moreEventsAt(second.base)]);
    } finally {
      loading.finish();
    }
    const report = await loading.report;
    const table = reportTable(report);
    assertEquals([report.totals.undetected, report.totals.repeats], [0, 0], table);
    assertEquals([report.totals.failed, report.malformed], [0, {}], table);
    assert(Number(report.gapsTold.epoch) >= 20, table);
  },
});
