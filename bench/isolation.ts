/**
 * Isolation, in time (invariant 4): while one stream's source is poisoned, floods, stalls or is cut, what the other streams'
 * clients see. The real program (role `all`, lists in memory) in its own process, one upstream connection a stream;
 * undisturbed and disturbed stretches take turns, and the medians of their p99 are compared.
 * Run on an otherwise idle machine: `deno run -A bench/isolation.ts [--stretches N] [--seconds S] [--only flood]`.
 * Exit code 1 when an event is missing, or a p99 is over 1.25 times the undisturbed one.
 */
import { parseArgs } from "node:util";
import { measure, type Measured, median, say, sleep } from "./rig/measured_service.ts";
import type { WireStream } from "./rig/upstream_worker.ts";

const RATIO_MAX = 1.25;
type Victim = Exclude<WireStream, "second">;
/** Events a second of the undisturbed sources. */
const RATES: Readonly<Record<Victim, number>> = { tick: 800, minute: 100, fmv: 100 };
const SYMBOLS = 100;
const FLOOD_EVERY_MS = 1_000;

const ENVIRONMENT = {
  USE_MULTI_CONNECTION: "true",
  DATA_FREQUENCIES: "tick,minute,fmv",
  TICK_EVENTS: "T",
  WEBSOCKET_CONNECTION_1_FREQUENCIES: "tick",
  WEBSOCKET_CONNECTION_2_ENABLED: "true",
  WEBSOCKET_CONNECTION_2_FREQUENCIES: "minute",
  WEBSOCKET_CONNECTION_3_ENABLED: "true",
  WEBSOCKET_CONNECTION_3_FREQUENCIES: "fmv",
  MASSIVE_API_KEY: "key",
  TICK_SYMBOLS: "*",
};

/** What is done to a stream's source once a second. */
type Disturbance = "calm" | "poison" | "flood" | "flood in one frame" | "stall" | "kill";
const DISTURBANCES: readonly Disturbance[] = [
  "calm",
  "poison",
  "flood",
  "flood in one frame",
  "stall",
  "kill",
];

/** A flood of one second: minutes of 8 000 symbols, or ticks at 8 000/s. */
const FLOOD_EVENTS = 8_000;

function disturb({ upstream }: Measured, stream: WireStream, how: Disturbance, first: boolean): void {
  switch (how) {
    case "calm":
      return;
    case "poison":
      for (let n = 0; n < 20; n++) upstream.tell({ do: "poison", stream });
      return;
    case "flood":
      return upstream.tell({ do: "burst", stream, events: FLOOD_EVENTS, frameEvents: 100 });
    case "flood in one frame":
      return upstream.tell({ do: "burst", stream, events: FLOOD_EVENTS, frameEvents: FLOOD_EVENTS });
    case "stall":
    case "kill":
      if (first) upstream.tell({ do: how, stream });
  }
}

const { values } = parseArgs({
  options: {
    stretches: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    victim: { type: "string", default: "minute" },
    only: { type: "string" },
  },
});
const victim = values.victim as Victim;
const others = (Object.keys(RATES) as Victim[]).filter((stream) => stream !== victim);
const chosen = DISTURBANCES.filter((one) => one === "calm" || (values.only ?? one) === one);
const p99s = new Map<string, number[]>();

/** One stretch; its p99 by stream. */
async function stretch(measured: Measured, how: Disturbance): Promise<void> {
  await measured.allStreaming();
  for (const client of Object.values(measured.clients)) client.tell({ do: "reset" });
  const until = performance.now() + Number(values.seconds) * 1000;
  for (let first = true; performance.now() < until; first = false) {
    disturb(measured, victim, how, first);
    await sleep(FLOOD_EVERY_MS);
  }
  const shown: string[] = [];
  for (const stream of others) {
    const report = await measured.clients[stream]?.report();
    if (report === undefined) continue;
    const key = `${how}|${stream}`;
    p99s.set(key, [...p99s.get(key) ?? [], report.p99]);
    shown.push(`${stream} ${report.events} events, p50 ${report.p50} p99 ${report.p99} max ${report.max} ms`);
  }
  say(`${how.padEnd(20)} ${shown.join("   ")}`);
}

let failed = false;
{
  await using measured = await measure(["tick", "minute", "fmv"], (url) => [{
    ...ENVIRONMENT,
    MASSIVE_REALTIME_URL: url,
    MASSIVE_BUSINESS_URL: url,
  }]);
  for (const [stream, perSecond] of Object.entries(RATES)) {
    measured.upstream.tell({ do: "rate", stream: stream as Victim, perSecond, symbols: SYMBOLS });
  }
  await sleep(5_000);
  for (let n = 0; n < Number(values.stretches); n++) {
    for (const how of chosen) await stretch(measured, how);
  }
  for (const stream of others) measured.upstream.tell({ do: "rate", stream, perSecond: 0, symbols: 1 });
  await sleep(2_000);
  const sent = await measured.upstream.sent();
  for (const stream of others) {
    const report = await measured.clients[stream]?.report();
    const whole = report?.total === sent[stream] && report.troubles.length === 0;
    say(`${stream}: sent ${sent[stream]}, received ${report?.total} ${report?.troubles.join("; ") ?? ""}`);
    if (!whole) failed = true;
  }
}
for (const stream of others) {
  const calm = median(p99s.get(`calm|${stream}`) ?? []);
  for (const how of chosen.filter((one) => one !== "calm")) {
    const p99 = median(p99s.get(`${how}|${stream}`) ?? []);
    const isWorse = p99 > calm * RATIO_MAX;
    failed ||= isWorse;
    say(
      `${victim} ${how}: ${stream} p99 ${p99} ms, undisturbed ${calm} ms: ${(p99 / calm).toFixed(2)}x ${
        isWorse ? "TOO SLOW" : ""
      }`,
    );
  }
}
Deno.exit(failed ? 1 : 0);
