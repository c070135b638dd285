/**
 * The loads the service is built for (C4), at their full length: what a premium client's socket gets of them, and how late
 * after ingest's receipt. The real programs in processes of their own: role `all` with lists in memory, or (`--redis`) an
 * ingest and an edge over a redis-server of this run's own.
 *
 *     deno task shapes                       the three shapes of the requirement, role `all`: 3 + 5 + 30 minutes
 *     deno task shapes --shape opening --redis
 *     deno task shapes --shape seconds       8 000 second bars every second, which is for Redis and several lists
 *     deno task shapes --shape day --minutes 30 --faster 5     as many events in a fifth of the time
 *
 * Exit code 1 when an event is missing or, but for `seconds`, the ticks' p99 is 50 ms or more.
 */
import { parseArgs } from "node:util";
import { type RedisServer, startRedis } from "../tests/support/redis_server.ts";
import { measure, type Measured, say, sleep, usageOf } from "./rig/measured_service.ts";

const TICK_P99_LIMIT_MS = 50;

/** What is sent: ticks at a rate, and the minute bars of so many symbols as every minute begins. */
interface Shape {
  readonly about: string;
  readonly ticksPerMinute: number;
  readonly tickSymbols: number;
  readonly minuteSymbols: number;
  readonly minutes: number;
  /** Second bars of so many symbols as every second begins, over so many lists at Redis's own pace. */
  readonly seconds?: { readonly symbols: number; readonly lists: number };
}

const SHAPES: Readonly<Record<string, Shape>> = {
  minutes: {
    about: "minute bars of 8 000 symbols each minute",
    ticksPerMinute: 10_000,
    tickSymbols: 100,
    minuteSymbols: 8_000,
    minutes: 3,
  },
  opening: {
    about: "50 000 events a minute, 100 symbols",
    ticksPerMinute: 50_000,
    tickSymbols: 100,
    minuteSymbols: 100,
    minutes: 5,
  },
  day: {
    about: "10 000 events a minute, 500 symbols",
    ticksPerMinute: 10_000,
    tickSymbols: 500,
    minuteSymbols: 500,
    minutes: 30,
  },
  seconds: {
    about: "second bars of 8 000 symbols each second",
    ticksPerMinute: 0,
    tickSymbols: 1,
    minuteSymbols: 0,
    minutes: 1,
    seconds: { symbols: 8_000, lists: 16 },
  },
};

const INGEST = {
  MASSIVE_API_KEY: "key",
  DATA_FREQUENCIES: "tick,minute",
  TICK_EVENTS: "T",
  TICK_SYMBOLS: "*",
  MINUTE_SYMBOLS: "*",
};

const { values } = parseArgs({
  options: {
    shape: { type: "string" },
    minutes: { type: "string" },
    faster: { type: "string", default: "1" },
    redis: { type: "boolean", default: false },
    "pull-ms": { type: "string", default: "5" },
    "append-ms": { type: "string", default: "1" },
  },
});

/** Runs one shape; whether it held. */
async function run(shape: Shape, measured: Measured): Promise<boolean> {
  const { upstream, clients, processes } = measured;
  const faster = Number(values.faster);
  const minutes = Number(values.minutes ?? shape.minutes);
  await sleep(2_000);
  for (const client of Object.values(clients)) client.tell({ do: "reset" });
  const cpuBefore = await Promise.all(processes.map(({ pid }) => usageOf(pid)));
  const perSecond = shape.ticksPerMinute / 60 * faster;
  upstream.tell({ do: "rate", stream: "tick", perSecond, symbols: shape.tickSymbols });
  const startedAt = performance.now();
  const peaksMiB = processes.map(() => 0);
  for (let minute = 0; minute < minutes; minute++) {
    upstream.tell({ do: "burst", stream: "minute", events: shape.minuteSymbols, frameEvents: 100 });
    const untilMs = startedAt + (minute + 1) * 60_000 / faster;
    while (performance.now() < untilMs) {
      if (shape.seconds) {
        upstream.tell({ do: "burst", stream: "second", events: shape.seconds.symbols, frameEvents: 100 });
      }
      await sleep(Math.min(1_000, Math.max(1, untilMs - performance.now())));
      for (const [n, { pid }] of processes.entries()) {
        peaksMiB[n] = Math.max(peaksMiB[n] ?? 0, (await usageOf(pid)).rssMiB);
      }
    }
  }
  upstream.tell({ do: "rate", stream: "tick", perSecond: 0, symbols: 1 });
  const seconds = (performance.now() - startedAt) / 1000;
  await sleep(3_000);
  const cpu = await Promise.all(processes.map(({ pid }) => usageOf(pid)));
  const busy = cpu.map(({ cpuSeconds }, n) => {
    const share = (cpuSeconds - (cpuBefore[n]?.cpuSeconds ?? 0)) / (seconds + 3);
    return `${(100 * share).toFixed(0)} %`;
  });
  say(
    `  ${seconds.toFixed(0)} s, peak RSS ${peaksMiB.map((one) => one.toFixed(0)).join(" + ")} MiB, CPU ${
      busy.join(" + ")
    } of a core`,
  );
  return await judge(measured, shape);
}

/** Whether all that was sent came, and ticks in time. */
async function judge({ upstream, clients }: Measured, shape: Shape): Promise<boolean> {
  const counts = await upstream.sent();
  const sent: Record<string, number> = { ...counts, tick: counts.tick + counts.second };
  let held = true;
  for (const [stream, client] of Object.entries(clients)) {
    const { total, p50, p99, max, troubles } = await client.report();
    const isWhole = total === sent[stream] && troubles.length === 0;
    const isInTime = stream !== "tick" || shape.seconds !== undefined || p99 < TICK_P99_LIMIT_MS;
    held &&= isWhole && isInTime;
    say(
      `  ${stream}: sent ${sent[stream]}, received ${total} ${troubles.join("; ")}, ` +
        `p50 ${p50} p99 ${p99} max ${max} ms ${isWhole ? "" : "NOT WHOLE"} ${isInTime ? "" : "TOO LATE"}`,
    );
  }
  return held;
}

/** Runs a shape on programs of its own. */
async function runOn(name: string, shape: Shape): Promise<boolean> {
  const overRedis = values.redis || shape.seconds !== undefined;
  say(`${name}: ${shape.about}${overRedis ? ", over Redis" : ", role all"}`);
  await using redis = overRedis ? await startRedis() : undefined;
  const store: Record<string, string> = redis ? { REDIS_URL: redis.url } : {};
  const pace: Record<string, string> = shape.seconds
    ? { TICK_EVENTS: "A", TICK_LISTS: String(shape.seconds.lists) }
    : { PULL_INTERVAL_MS: values["pull-ms"], APPEND_INTERVAL_MS: values["append-ms"] };
  await using measured = await measure(
    ["tick", "minute"],
    (url) =>
      redis
        ? [{ ...INGEST, ...store, ...pace, ROLE: "ingest", MASSIVE_REALTIME_URL: url }, {
          ...store,
          ROLE: "edge",
        }]
        : [{ ...INGEST, MASSIVE_REALTIME_URL: url }],
  );
  const held = await run(shape, measured);
  if (redis && shape.seconds) await showLists(redis, shape.seconds.lists);
  return held;
}

/** Whether the lists kept their cap. */
async function showLists(redis: RedisServer, lists: number): Promise<void> {
  const lengths: number[] = [];
  for (let n = 0; n < lists; n++) lengths.push(Number(await redis.send("LLEN", `tickcast:tick.${n}`)));
  const info = String(await redis.send("INFO", "cpu"));
  const used = /used_cpu_user:([\d.]+)/.exec(info)?.[1];
  say(`  ${lists} lists of at most ${Math.max(...lengths)} events; Redis used ${used} s of CPU in user mode`);
}

let failed = false;
for (const [name, shape] of Object.entries(SHAPES)) {
  if (values.shape === undefined ? shape.seconds !== undefined : values.shape !== name) continue;
  failed = !await runOn(name, shape) || failed;
}
Deno.exit(failed ? 1 : 0);
