/** One term of leading: lists are read, channels opened, appenders run, until the fence is lost or the caller ends it. */
import { isAbort, systemRandom } from "../feed/clock.ts";
import { describeError } from "../feed/error.ts";
import type { Appender } from "./appender.ts";
import { type ListMemory, readListMemory } from "./dedupe_seed.ts";
import type { StreamPath } from "./data_path.ts";
import type { PipelineOptions } from "./pipeline.ts";

/** Ceiling of the first wait between two tries to read the lists; doubles. */
const SEED_RETRY_BASE_MS = 100;
const SEED_RETRY_CAP_MS = 5_000;

/** See the file's own description. */
export async function leadLists(
  paths: readonly StreamPath[],
  fence: number,
  options: PipelineOptions,
  signal: AbortSignal,
): Promise<"fenced" | "aborted"> {
  const term = new AbortController();
  const end = () => term.abort(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    await Promise.all(paths.map((path) => seedPath(path, options, term.signal)));
    for (const { channel } of paths) channel.open();
    const runs = paths.flatMap(({ appenders }) =>
      [...appenders.values()].map((a) => runTerm(a, fence, term))
    );
    const outcomes = await Promise.all(runs);
    return outcomes.includes("fenced") ? fencedOff(paths, options) : "aborted";
  } catch (error) {
    term.abort(error);
    if (isAbort(error, signal)) return "aborted";
    throw error;
  } finally {
    signal.removeEventListener("abort", end);
    for (const { channel } of paths) channel.close();
  }
}

/** The first appender that is fenced off, or broken, ends the term for all. */
async function runTerm(
  appender: Appender,
  fence: number,
  term: AbortController,
): Promise<"fenced" | "aborted"> {
  try {
    const outcome = await appender.run(fence, term.signal);
    if (outcome === "fenced") term.abort(new DOMException("fenced", "AbortError"));
    return outcome;
  } catch (error) {
    term.abort(error);
    throw error;
  }
}

/** What waits is the new leader's to send; it gets the same from upstream. */
function fencedOff(paths: readonly StreamPath[], { log }: PipelineOptions): "fenced" {
  let count = 0;
  for (const { channel, appenders } of paths) {
    let dropped = channel.clearInbox();
    for (const appender of appenders.values()) dropped += appender.clear();
    channel.metrics.dropped("fenced", dropped);
    count += dropped;
  }
  log.warning("fence_lost", { dropped: count });
  return "fenced";
}

/** Reads the stream's lists until that works. */
async function seedPath(path: StreamPath, options: PipelineOptions, signal: AbortSignal): Promise<void> {
  const { store, clock, log, random = systemRandom } = options;
  const { channel, appenders } = path;
  for (const [list, appender] of appenders) {
    for (let attempt = 0;; attempt++) {
      try {
        seedList(
          path,
          list,
          appender,
          await readListMemory(store, list, channel.spec.listCapEvents, signal),
          options,
        );
        break;
      } catch (error) {
        if (isAbort(error, signal)) throw error;
        log.warning("list_unreadable", { list, error: describeError(error), attempt: attempt + 1 });
        const ceilingMs = Math.min(SEED_RETRY_CAP_MS, SEED_RETRY_BASE_MS * 2 ** Math.min(attempt, 16));
        await clock.sleep(random() * ceilingMs, signal);
      }
    }
  }
}

function seedList(
  { channel }: StreamPath,
  list: string,
  appender: Appender,
  memory: ListMemory,
  { log, onSeed }: PipelineOptions,
): void {
  // What only `last` has is older than all of the list: versions of a bar are told apart by their order.
  for (const event of memory.latest) channel.dedupe.seed(event);
  for (const event of memory.events) channel.dedupe.seed(event);
  channel.metrics.dropped("superseded", appender.stands(memory.tail));
  if (memory.unreadable > 0) log.warning("list_elements_unreadable", { list, count: memory.unreadable });
  onSeed?.(list, memory.events);
}
