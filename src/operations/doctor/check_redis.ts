/** Redis itself: reachable, new enough, never evicting, near, with a clock like ours. */
import type { Clock, Random } from "../../feed/clock.ts";
import { silentLog } from "../../feed/log.ts";
import type { StoreSettings } from "../../feed/settings/settings.ts";
import type { RedisTransport } from "../../store/redis/redis_transport.ts";
import { RestTransport } from "../../store/rest/rest_transport.ts";
import { storeFailure } from "../../store/store_failure.ts";
import { TcpTransport } from "../../store/tcp/tcp_transport.ts";
import { UsageMeter } from "../../store/usage_meter.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warn, fail, skip } = findingsOf("redis");

/** One command may take so long. */
const COMMAND_LIMIT_MS = 5_000;
/** Round trips measured. */
const LATENCY_TRIES = 9;
/** A round trip over which the append rate and the freshness of edges suffer, ms. */
const LATENCY_WARN_MS = 50;
/** Over this share of maxmemory somebody should look. */
const MEMORY_WARN_SHARE = 0.8;
const MIB = 2 ** 20;
/** Leases and freshness are judged by clocks that agree about so much, ms. */
const CLOCK_WARN_MS = 2_000;
/** Scripts, RESP and LPOP with a count need this. */
const OLDEST_VERSION = [6, 2] as const;

/** What the checks need of the process. */
export interface RedisDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** A transport of the doctor's own; undefined for lists in memory. */
export async function openTransport(
  settings: StoreSettings,
  { clock, random }: RedisDeps,
): Promise<RedisTransport | undefined> {
  const usage = new UsageMeter();
  if (settings.transport === "memory") return undefined;
  if (settings.transport === "rest") return new RestTransport({ ...settings, clock }, usage);
  const transport = new TcpTransport({ url: settings.url, clock, random, log: silentLog }, usage);
  const waited = new AbortController();
  await Promise.race([transport.attempted, clock.sleep(COMMAND_LIMIT_MS, waited.signal).catch(() => {})]);
  waited.abort();
  return transport;
}

/** Everything about the server. Never rejects. */
export async function checkRedis(transport: RedisTransport, deps: RedisDeps): Promise<readonly Finding[]> {
  const call = (name: string, ...args: string[]) =>
    transport.command([name, ...args], AbortSignal.any([deps.signal, AbortSignal.timeout(COMMAND_LIMIT_MS)]));
  try {
    await call("PING");
  } catch (error) {
    return [
      fail(storeFailure(error).message, "check that it runs, the address, the credentials and the firewall"),
    ];
  }
  return [
    ok(`reachable over ${transport.name === "tcp" ? "TCP" : "REST"}`),
    await quietly(() => checkVersion(call), "the version can't be read"),
    await quietly(
      () => checkEviction(call),
      "the eviction policy can't be read: make sure that eviction is off",
    ),
    await quietly(() => checkMemory(call), "its memory is not told: make sure that there is room"),
    await quietly(() => checkLatency(call, deps.clock), "the round trip can't be measured"),
    await quietly(() => checkClock(call, deps.clock), "its clock can't be read"),
  ];
}

type Call = (name: string, ...args: string[]) => Promise<unknown>;

/** Managed servers refuse some of these: no fault. */
async function quietly(check: () => Promise<Finding>, otherwise: string): Promise<Finding> {
  try {
    return await check();
  } catch {
    return skip(otherwise);
  }
}

async function checkVersion(call: Call): Promise<Finding> {
  const version = /redis_version:(\d+)\.(\d+)\S*/.exec(String(await call("INFO", "server")));
  if (version === null) return skip("the version is not told");
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const isOld = major < OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor < OLDEST_VERSION[1]);
  const name = version[0].replace("redis_version:", "version ");
  return isOld ? fail(`${name} is too old`, "use Redis 6.2 or later") : ok(name);
}

async function checkEviction(call: Call): Promise<Finding> {
  const reply = await call("CONFIG", "GET", "maxmemory-policy");
  const policy = Array.isArray(reply) ? String(reply[1]) : "";
  if (policy === "") return skip("the eviction policy is not told: make sure that eviction is off");
  return policy === "noeviction" ? ok("nothing is evicted") : fail(
    `maxmemory-policy is ${policy}: a list that is evicted is an epoch lost for every client`,
    "set it to noeviction",
  );
}

/** A server that never evicts refuses writes when it is full. */
async function checkMemory(call: Call): Promise<Finding> {
  const text = String(await call("INFO", "memory"));
  const figure = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(text)?.[1] ?? Number.NaN);
  const [used, most] = [figure("used_memory"), figure("maxmemory")];
  if (!(used >= 0 && most >= 0)) return skip("its memory is not told: make sure that there is room");
  const shown = `${Math.round(used / MIB)} of ${Math.round(most / MIB)} MiB of maxmemory in use`;
  if (most === 0) return ok(`no maxmemory, ${Math.round(used / MIB)} MiB in use`);
  if (used >= most) return fail(`${shown}: it refuses writes`, "raise maxmemory, or choose a larger plan");
  return used > most * MEMORY_WARN_SHARE
    ? warn(shown, "raise maxmemory, or choose a larger plan")
    : ok(shown);
}

async function checkLatency(call: Call, clock: Clock): Promise<Finding> {
  const took: number[] = [];
  for (let n = 0; n < LATENCY_TRIES; n++) {
    const startMs = clock.monotonic();
    await call("PING");
    took.push(clock.monotonic() - startMs);
  }
  const median = took.sort((a, b) => a - b)[LATENCY_TRIES >> 1] ?? 0;
  const text = `round trip ${median.toFixed(1)} ms`;
  return median > LATENCY_WARN_MS
    ? warn(text, "run ingest and edges in the region of the primary")
    : ok(text);
}

async function checkClock(call: Call, clock: Clock): Promise<Finding> {
  const before = clock.now();
  const reply = await call("TIME");
  const ours = (before + clock.now()) / 2;
  if (!Array.isArray(reply)) return skip("its clock is not told");
  const apartMs = Math.round(Number(reply[0]) * 1000 + Number(reply[1]) / 1000 - ours);
  const text = `its clock is ${Math.abs(apartMs)} ms ${apartMs < 0 ? "behind" : "ahead of"} ours`;
  return Math.abs(apartMs) > CLOCK_WARN_MS ? warn(text, "set both machines' clocks by NTP") : ok(text);
}
