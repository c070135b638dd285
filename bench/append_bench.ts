/**
 * The store on its hot paths: `deno bench -A bench/append_bench.ts`.
 *
 * Budgets (docs/performance.md): ingest to append at least 50 000 events/s in memory and over TCP, so a batch of 100 may
 * take 2 ms of one core in all, of which the store's share should be a tenth in memory (0.2 ms) and half over TCP (1 ms).
 * A tail of 500, what a reader pulls at most per interval, under 0.05 ms in memory and 2 ms over TCP.
 */
import { ORIGIN, type Position } from "../src/feed/cursor.ts";
import { systemClock } from "../src/feed/clock.ts";
import { encodeEvent, type EventBody } from "../src/feed/event_text.ts";
import { silentLog } from "../src/feed/log.ts";
import type { StoreSettings } from "../src/feed/settings/settings.ts";
import type { FeedStore } from "../src/feed/store.ts";
import { openStore } from "../src/store/open_store.ts";
import { A_MONDAY, aTrade } from "../tests/support/event_factory.ts";
import { realPart } from "../tests/support/real_parts.ts";
import { startRedis } from "../tests/support/redis_server.ts";
import { startRestFront } from "../tests/support/rest_front.ts";

const BATCH_EVENTS = 100;
const TAIL_EVENTS = 500;

const trades = (count: number): EventBody[] =>
  Array.from(
    { length: count },
    (_, n) => encodeEvent(aTrade({ sym: `S${n % 80}`, tid: String(n), t: A_MONDAY + n, conds: [37, 41] })),
  );

/** A writer that follows its head, as the appender of ingest does. */
async function writer(store: FeedStore): Promise<(bodies: readonly EventBody[]) => Promise<void>> {
  const lease = await store.takeLease("bench", 0, 60_000);
  let [expected, batch]: [Position, number] = [ORIGIN, 0];
  return async (bodies) => {
    const reply = await store.append({
      list: "tick",
      capEvents: 1000,
      fence: lease?.fence ?? 0,
      expected,
      batch: `bench-${batch++}`,
      bodies,
      pullMs: 10,
    });
    if (reply.outcome !== "applied") throw new Error(`Cannot go on as an append was ${reply.outcome}`);
    expected = { epoch: reply.epoch, seq: reply.lastSeq };
  };
}

async function bench(group: string, settings: StoreSettings): Promise<void> {
  const deps = { clock: systemClock, random: () => 0.5, log: silentLog, keyPrefix: `bench-${group}` };
  const store = await openStore(settings, deps);
  const write = await writer(store);
  const [batch, half] = [trades(BATCH_EVENTS), trades(TAIL_EVENTS)];
  await write(half);
  await write(half);
  // `async`, or the bench runner would not wait for one append before the next.
  Deno.bench({
    name: `${group}: append ${BATCH_EVENTS}`,
    group: "append",
    fn: async () => await write(batch),
  });
  Deno.bench({
    name: `${group}: append ${TAIL_EVENTS}`,
    group: "append a half list",
    fn: async () => await write(half),
  });
  Deno.bench({
    name: `${group}: tail of ${TAIL_EVENTS}`,
    group: "tail",
    fn: async () => {
      await store.readTail("tick", TAIL_EVENTS);
    },
  });
}

await bench("memory", { transport: "memory" });
if (!realPart("redis-server").ignore) {
  const server = await startRedis();
  const front = await startRestFront(server);
  globalThis.addEventListener("unload", () => void server.kill());
  await bench("tcp", { transport: "tcp", url: server.url });
  await bench("rest", { transport: "rest", url: front.url, token: front.token });
}
