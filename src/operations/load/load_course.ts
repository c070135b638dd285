/** The course of a run: steps through the stages, notes a point a second, tells one in five. */
import type { Clock } from "../../feed/clock.ts";
import type { Fleet } from "./fleet.ts";
import type { LoadPlan } from "./load_arguments.ts";
import type { LoadFigures } from "./load_figures.ts";
import type { ServerSample, ServerWatch } from "./server_watch.ts";
import { clientsAt, runLengthMs } from "./stages.ts";

/** How often the number of clients is adjusted. */
const STEP_MS = 100;
/** How often the course is noted, and how often it is told. */
const POINT_MS = 1_000;
const TOLD_EVERY_POINTS = 5;
/** What {@link runCourse} needs. */
export interface CourseDeps {
  readonly clock: Clock;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Steps through the stages, noting a point a second. */
export async function runCourse(
  plan: LoadPlan,
  { clock, print, signal }: CourseDeps,
  figures: LoadFigures,
  fleet: Fleet,
  watch: ServerWatch,
): Promise<void> {
  const startMs = clock.monotonic();
  const lengthMs = runLengthMs(plan.stages);
  const notes = new CourseNotes(figures, startMs);
  let sampling: Promise<void> = Promise.resolve();
  let points = 0;
  for (let atMs = 0; atMs < lengthMs && !signal.aborted; atMs = clock.monotonic() - startMs) {
    fleet.adjust(clientsAt(plan.stages, atMs));
    const before = clock.monotonic();
    await clock.sleep(STEP_MS, signal).catch(() => {});
    const nowMs = clock.monotonic();
    const lateMs = nowMs - before - STEP_MS;
    figures.toolLateMs.add(lateMs);
    if (!notes.isDue(nowMs)) continue;
    notes.note(nowMs, clientsAt(plan.stages, nowMs - startMs), lateMs);
    if (points++ % TOLD_EVERY_POINTS !== 0) continue;
    print(progressLine(figures));
    sampling = sampling.then(async () => void (notes.sample = await watch.sample()));
  }
  await sampling;
}

/** Makes points of what was counted since the last one. */
class CourseNotes {
  sample: ServerSample = { memoryBytes: null, cpuPercent: null, scrapeMs: null };
  #eventsBefore = 0;
  #notedMs: number;

  constructor(readonly figures: LoadFigures, readonly startMs: number) {
    this.#notedMs = startMs;
  }

  isDue(nowMs: number): boolean {
    return nowMs - this.#notedMs >= POINT_MS;
  }

  note(nowMs: number, wanted: number, lateMs: number): void {
    const { figures, sample } = this;
    const { events, undetected } = figures.totals;
    const { p50, p95, p99 } = figures.recentDeliveryMs.summary();
    figures.recentDeliveryMs.clear();
    const connect = figures.recentConnectMs.summary();
    figures.recentConnectMs.clear();
    figures.point({
      at: Math.round((nowMs - this.startMs) / 100) / 10,
      wanted,
      connected: figures.clients,
      eventsPerSecond: Math.round((events - this.#eventsBefore) * 1000 / (nowMs - this.#notedMs)),
      opened: connect.count,
      connectP95: connect.p95,
      connectP99: connect.p99,
      failed: figures.failed,
      undetected,
      p50,
      p95,
      p99,
      toolLateMs: Math.max(0, Math.round(lateMs)),
      memoryBytes: sample.memoryBytes,
      cpuPercent: sample.cpuPercent,
    });
    this.#notedMs = nowMs;
    this.#eventsBefore = events;
  }
}

function progressLine(figures: LoadFigures): string {
  const { connected, totals, course, failed, resumed } = figures;
  const now = course.at(-1);
  return `  ${String(Math.round(now?.at ?? 0)).padStart(5)} s  ${figures.clients}/${
    now?.wanted ?? 0
  } clients` +
    ` (ws ${connected.ws}, sse ${connected.sse}, poll ${connected.poll})  ${
      now?.eventsPerSecond ?? 0
    } events/s` +
    `  p95 ${now?.p95 ?? "–"} ms  p99 ${
      now?.p99 ?? "–"
    } ms  lost ${totals.undetected}  failed ${failed}  resumed ${resumed}`;
}
