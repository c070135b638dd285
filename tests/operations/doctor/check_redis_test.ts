/** Every finding about the server itself, by its answers. */
import { assert, assertEquals } from "@std/assert";
import { checkRedis } from "../../../src/operations/doctor/check_redis.ts";
import { findingText } from "../../../src/operations/doctor/finding.ts";
import type { RedisTransport } from "../../../src/store/redis/redis_transport.ts";
import { RedisReplyError } from "../../../src/store/store_failure.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const MIB = 2 ** 20;

/** What a server answers; an Error is thrown. */
interface Server {
  readonly version?: string;
  readonly policy?: string;
  readonly memory?: readonly [used: number, most: number];
  readonly roundTripMs?: number;
  readonly aheadMs?: number;
  readonly refuses?: string;
}

function serverOf(server: Server, clock: ManualClock): RedisTransport {
  const { version = "7.2.4", policy = "noeviction", memory = [1, 0], roundTripMs = 1, aheadMs = 0 } = server;
  const answers: Readonly<Record<string, () => unknown>> = {
    PING: () => "PONG",
    "INFO server": () => `# Server\r\nredis_version:${version}\r\n`,
    "CONFIG GET maxmemory-policy": () => ["maxmemory-policy", policy],
    "INFO memory": () =>
      `# Memory\r\nused_memory:${memory[0] * MIB}\r\nused_memory_human:1M\r\nmaxmemory:${
        memory[1] * MIB
      }\r\n`,
    TIME: () => {
      const ms = clock.now() + aheadMs;
      return [String(Math.floor(ms / 1000)), String((ms % 1000) * 1000)];
    },
  };
  return {
    name: "tcp",
    scriptHeader: "",
    togetherCommands: 0,
    async command(command) {
      const asked = command.join(" ");
      await clock.advance(roundTripMs);
      if (server.refuses !== undefined && asked.startsWith(server.refuses)) {
        throw new RedisReplyError(`NOPERM User x has no permissions to run the '${command[0]}' command`);
      }
      return answers[asked]?.();
    },
    readTogether: () => Promise.resolve([]),
    subscribe: () => Promise.resolve(),
    doubt: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function look(server: Server): Promise<string> {
  const clock = new ManualClock();
  const deps = { clock, random: () => 0.5, signal: new AbortController().signal };
  return (await checkRedis(serverOf(server, clock), deps)).map(findingText).join("\n");
}

const cases: readonly (readonly [what: string, server: Server, told: RegExp])[] = [
  ["an old version", { version: "6.0.16" }, /FAIL redis +version 6\.0\.16 is too old\n +→ use Redis 6\.2/],
  ["the oldest that does", { version: "6.2.0" }, /ok +redis +version 6\.2\.0/],
  [
    "an evicting server",
    { policy: "allkeys-lru" },
    /FAIL redis +maxmemory-policy is allkeys-lru.*\n +→ set it to noev/,
  ],
  ["a full server", { memory: [64, 64] }, /FAIL redis +64 of 64 MiB.*refuses writes\n +→ raise maxmemory/],
  ["a nearly full one", { memory: [60, 64] }, /WARN redis +60 of 64 MiB.*\n +→ raise maxmemory/],
  ["one with room", { memory: [6, 64] }, /ok +redis +6 of 64 MiB/],
  [
    "one far away",
    { roundTripMs: 80 },
    /WARN redis +round trip 80\.0 ms\n +→ run ingest and edges in the region/,
  ],
  [
    "a clock behind",
    { aheadMs: -5_000 },
    /WARN redis +its clock is \d{4} ms behind ours\n +→ set both machines' clocks/,
  ],
  ["a clock ahead", { aheadMs: 5_000 }, /WARN redis +its clock is \d{4} ms ahead of ours/],
  ["CONFIG refused", { refuses: "CONFIG" }, /– +redis +the eviction policy can't be read: make sure/],
  ["INFO refused", { refuses: "INFO" }, /– +redis +the version can't be read/],
  ["TIME refused", { refuses: "TIME" }, /– +redis +its clock can't be read/],
  [
    "credentials that are refused",
    { refuses: "PING" },
    /^ +FAIL redis +Cannot use Redis.*\n +→ check that it runs.*$/,
  ],
];

for (const [what, server, told] of cases) {
  Deno.test({
    name: `the doctor tells ${what}, and what to do`,
    permissions: "none",
    async fn() {
      const text = await look(server);
      assert(told.test(text), text);
    },
  });
}

Deno.test({
  name: "a server that is well gives no reason to do anything",
  permissions: "none",
  async fn() {
    const text = await look({});
    assertEquals(text.match(/FAIL|WARN|–|→/g), null, text);
  },
});
