/**
 * One term of leading: each stream's lists are read, its channel opened, its appenders run, until the fence is lost or the
 * caller ends it. Streams don't wait for each other: a list that can't be read holds up its own stream only.
 */
import { isAbort, systemRandom } from "../../feed/clock.ts";
import { describeError } from "../../feed/error.ts";
import type { Appender, RunOutcome } from "./appender.ts";
import { type ListMemory, readListMemory } from "./dedupe_seed.ts";
import { listsToRestart, noteSplit } from "./list_split.ts";
import type { PipelineOptions } from "./pipeline.ts";
import type { StreamPath } from "./stream_path.ts";

/** Ceiling of the first wait between two tries to read the lists; doubles. */
const SEED_RETRY_BASE_MS = 100;
const SEED_RETRY_CAP_MS = 5_000;
/** Every so many failures in a row are said. */
const SEED_FAILURES_SAID = 10;

/** The right to write, and whether lists must begin new epochs because they may be older than what readers hold. */
export interface ListTerm {
  readonly fence: number;
  readonly anew: boolean;
}

/** See the file's own description. */
export async function leadLists(
  paths: readonly StreamPath[],
  listTerm: ListTerm,
  options: PipelineOptions,
  signal: AbortSignal,
): Promise<"fenced" | "aborted"> {
  const term = new AbortController();
  const end = () => term.abort(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    const outcomes = await Promise.all(paths.map((path) => leadPath(path, listTerm, options, term)));
    const outcome = worst(outcomes);
    if (outcome === "fenced") dropWaiting(paths, options);
    return outcome === "unheld" ? "fenced" : outcome;
  } finally {
    signal.removeEventListener("abort", end);
    for (const { channel } of paths) channel.close();
  }
}

/** The first stream that is fenced off, or broken, ends the term for all. */
async function leadPath(
  path: StreamPath,
  { fence, anew }: ListTerm,
  options: PipelineOptions,
  term: AbortController,
): Promise<RunOutcome> {
  try {
    const restarted = await untilRead(
      path.channel.spec.name,
      options,
      term.signal,
      () => seedPath(path, anew, options, term),
    );
    path.channel.open();
    if (restarted) path.channel.tellGap({ ...restarted, lost: null, cause: "upstream" });
    const runs = [...path.appenders.values()].map((appender) => runTerm(appender, fence, term));
    if (restarted) runs.push(noteWhenRestarted(path, options, term));
    return worst(await Promise.all(runs));
  } catch (error) {
    if (isAbort(error, term.signal)) return "aborted";
    term.abort(error);
    throw error;
  }
}

async function runTerm(
  appender: Appender,
  fence: number,
  term: AbortController,
): Promise<RunOutcome> {
  const outcome = await appender.run(fence, term.signal);
  if (outcome !== "aborted") term.abort(new DOMException("fenced", "AbortError"));
  return outcome;
}

const worst = (outcomes: readonly RunOutcome[]): RunOutcome =>
  outcomes.find((outcome) => outcome === "fenced") ?? outcomes.find((outcome) => outcome === "unheld") ??
    "aborted";

/** What waits is the new leader's to send; it gets the same from upstream. */
function dropWaiting(paths: readonly StreamPath[], { log }: PipelineOptions): void {
  let count = 0;
  for (const { channel, appenders } of paths) {
    let dropped = channel.clearInbox();
    for (const appender of appenders.values()) dropped += appender.clear();
    channel.metrics.dropped("fenced", dropped);
    count += dropped;
  }
  log.warning("fence_lost", { dropped: count });
}

/** Reads the stream's lists; says since when what they hold is of another split, if it is. */
async function seedPath(
  path: StreamPath,
  anew: boolean,
  options: PipelineOptions,
  { signal }: AbortController,
): Promise<{ from: number; to: number } | undefined> {
  const { store, clock } = options;
  const { channel, appenders } = path;
  const { name, listCapEvents } = channel.spec;
  const before = await listsToRestart(store, name, appenders.size, signal);
  const memories = await Promise.all(
    [...appenders.keys()].map((list) => readListMemory(store, list, listCapEvents, signal)),
  );
  for (const list of before ?? []) {
    if (!appenders.has(list)) seedDedupe(path, await readListMemory(store, list, listCapEvents, signal));
  }
  let restarts = false;
  for (const [n, [list, appender]] of [...appenders].entries()) {
    const memory = memories[n];
    if (!memory) continue;
    seedDedupe(path, memory);
    channel.metrics.dropped("superseded", appender.stands(memory.tail));
    if ((before || anew) && memory.tail.head && channel.state !== "off") {
      restarts ||= before !== undefined;
      appender.restart();
    }
    if (memory.unreadable > 0) {
      options.log.warning("list_elements_unreadable", { list, count: memory.unreadable });
    }
    options.onSeed?.(list, memory.events);
  }
  if (before && !restarts) await noteSplit(store, name, appenders.size, signal);
  return restarts ? { from: clock.now(), to: clock.now() } : undefined;
}

function seedDedupe({ channel }: StreamPath, memory: ListMemory): void {
  // What only `last` has is older than all of the list: versions of a bar are told apart by their order.
  for (const event of memory.latest) channel.dedupe.seed(event);
  for (const event of memory.events) channel.dedupe.seed(event);
}

/** Only when every list has its new epoch is the new split noted: a term that ends before does it again. */
async function noteWhenRestarted(
  { channel, appenders }: StreamPath,
  options: PipelineOptions,
  { signal }: AbortController,
): Promise<"aborted"> {
  const { name } = channel.spec;
  try {
    await Promise.all([...appenders.values()].map((appender) => appender.restarted(signal)));
    await untilRead(name, options, signal, () => noteSplit(options.store, name, appenders.size, signal));
    options.log.info("list_split_changed", { stream: name, lists: appenders.size });
  } catch (error) {
    if (!isAbort(error, signal)) throw error;
  }
  return "aborted";
}

/** Tries until the store answers. */
async function untilRead<T>(
  stream: string,
  { clock, log, random = systemRandom }: PipelineOptions,
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let failures = 0;; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (isAbort(error, signal)) throw error;
      if (failures % SEED_FAILURES_SAID === 0) {
        log.warning("lists_unreadable", { stream, error: describeError(error), attempt: failures + 1 });
      }
      const ceilingMs = Math.min(SEED_RETRY_CAP_MS, SEED_RETRY_BASE_MS * 2 ** Math.min(failures, 16));
      await clock.sleep(random() * ceilingMs, signal);
    }
  }
}
