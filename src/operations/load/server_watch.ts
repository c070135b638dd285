/** The other side of a run: memory by the instances' own metrics, CPU and memory of named processes from /proc (Linux). */
import type { Clock } from "../../feed/clock.ts";

/** A scrape that takes longer counts as none. */
const SCRAPE_LIMIT_MS = 2_000;
/** Kernel ticks a second (`getconf CLK_TCK`; 100 on every Linux of today). */
const CLOCK_TICKS_PER_SECOND = 100;
/** A page of memory, in bytes. */
const PAGE_BYTES = 4096;

/** What was seen at one moment; null where it can't be known. */
export interface ServerSample {
  /** Of the largest process. */
  readonly memoryBytes: number | null;
  /** Of the busiest process, of one core. */
  readonly cpuPercent: number | null;
  /** How long the slowest scrape took. */
  readonly scrapeMs: number | null;
}

/** The value of a metric without labels in Prometheus text; undefined when it isn't there. */
export function metricValue(text: string, name: string): number | undefined {
  const match = new RegExp(`^${name}(?:\\{\\})? ([0-9.eE+-]+)$`, "m").exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

/** Seconds of CPU and bytes of memory from the text of `/proc/<pid>/stat` (proc(5): fields 14, 15 and 24). */
export function readProcStat(text: string): { cpuSeconds: number; memoryBytes: number } {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { cpuSeconds: ticks / CLOCK_TICKS_PER_SECOND, memoryBytes: Number(fields[21]) * PAGE_BYTES };
}

/** Deno itself reads /proc only with every right there is; a program that may do nothing but show a file needs one. */
async function procStat(pid: number): Promise<string> {
  const { stdout, success } = await new Deno.Command("cat", {
    args: [`/proc/${pid}/stat`],
    stdin: "null",
    stderr: "null",
  }).output();
  if (!success) throw new Error("no such process");
  return new TextDecoder().decode(stdout);
}

/** Samples on demand. */
export class ServerWatch {
  readonly #cpu = new Map<number, { readonly seconds: number; readonly atMs: number }>();
  peakMemoryBytes: number | null = null;
  peakCpuPercent: number | null = null;
  peakScrapeMs: number | null = null;

  constructor(
    readonly urls: readonly string[],
    readonly pids: readonly number[],
    readonly clock: Clock,
  ) {}

  async sample(): Promise<ServerSample> {
    const scrapes = await Promise.all(this.urls.map((url) => this.#scrape(url)));
    const processes = await Promise.all(this.pids.map((pid) => this.#process(pid)));
    const sample = {
      memoryBytes: most([...scrapes.map(({ memory }) => memory), ...processes.map(({ memory }) => memory)]),
      cpuPercent: most(processes.map(({ cpu }) => cpu)),
      scrapeMs: most(scrapes.map(({ tookMs }) => tookMs)),
    };
    this.peakMemoryBytes = most([this.peakMemoryBytes, sample.memoryBytes]);
    this.peakCpuPercent = most([this.peakCpuPercent, sample.cpuPercent]);
    this.peakScrapeMs = most([this.peakScrapeMs, sample.scrapeMs]);
    return sample;
  }

  async #scrape(url: string): Promise<{ memory: number | null; tookMs: number | null }> {
    const startedMs = this.clock.monotonic();
    try {
      const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(SCRAPE_LIMIT_MS) });
      const text = await response.text();
      const memory = response.ok ? metricValue(text, "tickcast_memory_bytes") ?? null : null;
      return { memory, tookMs: this.clock.monotonic() - startedMs };
    } catch {
      return { memory: null, tookMs: null };
    }
  }

  async #process(pid: number): Promise<{ memory: number | null; cpu: number | null }> {
    try {
      const { cpuSeconds, memoryBytes } = readProcStat(await procStat(pid));
      const atMs = this.clock.monotonic();
      const before = this.#cpu.get(pid);
      this.#cpu.set(pid, { seconds: cpuSeconds, atMs });
      const cpu = before && atMs > before.atMs
        ? (cpuSeconds - before.seconds) * 100_000 / (atMs - before.atMs)
        : null;
      return { memory: memoryBytes, cpu };
    } catch {
      return { memory: null, cpu: null };
    }
  }
}

function most(values: readonly (number | null)[]): number | null {
  return values.reduce((best, value) => value === null ? best : Math.max(best ?? value, value), null);
}
