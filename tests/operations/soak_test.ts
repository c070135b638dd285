import { assert, assertEquals } from "@std/assert";
import { systemClock, systemRandom } from "../../src/feed/clock.ts";
import type { CoursePoint } from "../../src/operations/load/load_figures.ts";
import { memoryGrowth, runSoak } from "../../src/operations/soak.ts";
import { startRunning } from "../support/running.ts";

const MIB = 2 ** 20;
const point = (memoryBytes: number | null): CoursePoint => ({
  at: 0,
  wanted: 0,
  connected: 0,
  opened: 0,
  connectP95: null,
  connectP99: null,
  eventsPerSecond: 0,
  failed: 0,
  undetected: 0,
  p50: null,
  p95: null,
  p99: null,
  toolLateMs: 0,
  memoryBytes,
  cpuPercent: null,
});

Deno.test({
  name: "memory that climbs is a leak, memory that breathes or climbs at the start is none",
  permissions: "none",
  fn() {
    const course = (of: (n: number) => number) => Array.from({ length: 400 }, (_, n) => point(of(n) * MIB));
    assertEquals(memoryGrowth(course((n) => 200 + n))?.isLeak, true);
    assertEquals(memoryGrowth(course((n) => 200 + 80 * Math.abs(Math.sin(n))))?.isLeak, false);
    assertEquals(memoryGrowth(course((n) => Math.min(300, 100 + 4 * n)))?.isLeak, false);
    assertEquals(memoryGrowth([point(null), point(1)]), undefined);
  },
});

Deno.test("a soak of three seconds runs the whole service and accounts for every event", async () => {
  const lines: string[] = [];
  await runSoak(["--hours", "0.0008", "--clients", "10"], {
    clock: systemClock,
    random: systemRandom,
    print: (line) => void lines.push(line),
    signal: new AbortController().signal,
    startWhole: async () => {
      const running = await startRunning({ SIMULATOR_RATE: "50", LOG_LEVEL: "error" });
      return { url: running.base, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
    },
  });
  const text = lines.join("\n");
  // How quick this machine was just then is not the question here.
  const missed = text.split("\n").filter((line) => line.includes("MISSED") && !/ p9[59]:/.test(line));
  assertEquals(missed, [], text);
  assert(text.includes("memory: ") && / ok +events lost undetected: 0/.test(text), text);
});
