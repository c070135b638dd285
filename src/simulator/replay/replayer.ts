/**
 * Replays a recording once its listeners are there: at its own pace, N times faster, or as fast as they read. Exact and
 * in order: an event is sent as the text it was. A line that can't be read costs itself only, and is reported.
 */
import type { Clock } from "../../feed/clock.ts";
import type { Log } from "../../feed/log.ts";
import type { FlowControl } from "../flow_control.ts";
import type { Hub } from "../hub.ts";
import { feedsInRecording, type NumberedLine, replayLines } from "./replay_file.ts";
import { readReplayLine, type ReplayFrame } from "./replay_line.ts";

/** How the listeners are waited for. */
export interface ReplayStart {
  /** Feeds that must have a subscription; undefined: those the recording's first lines name. */
  readonly feeds: readonly string[] | undefined;
  /** Quiet time after the last subscription before it begins, so that a subscription in several messages is whole. */
  readonly settleMs: number;
  /** How long missing feeds are waited for after the first subscription; Infinity with `feeds` given. */
  readonly graceMs: number;
}

/** What a replay is made of. */
export interface ReplayPlan {
  readonly path: string;
  /** 0: as fast as they read. */
  readonly speed: number;
  readonly start: ReplayStart;
}

/** What became of it. */
export interface ReplaySummary {
  lines: number;
  events: number;
  badLines: number;
  /** Files whose end is missing, as a killed process leaves them: what stood in them was replayed. */
  cutFiles: number;
  /** The first few bad ones, with their number and what is wrong. */
  readonly problems: string[];
}

/** Ports of a replay. */
export interface ReplayDeps {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly flow: FlowControl;
  readonly log: Log;
  /** When something was last subscribed, on the monotonic clock; undefined before that. */
  readonly lastSubscribedAt: () => number | undefined;
}

/** Bad lines told one by one; the rest are only counted. */
const PROBLEMS_TOLD = 20;
/** How often the listeners are looked for. */
const LOOK_EVERY_MS = 20;
/** Lines read to learn which feeds a recording holds. */
const LINES_TO_LEARN_FEEDS = 2000;
/** Events sent in one go when a replay is behind its pace. */
const LATE_EVENTS = 256;
/** Events between two looks at the flow when there is no pace to keep. */
const FREE_EVENTS = 512;

/** Waits for the listeners, then replays to the end. Rejects when aborted or when the file can't be read. */
export async function replay(
  plan: ReplayPlan,
  deps: ReplayDeps,
  signal: AbortSignal,
): Promise<ReplaySummary> {
  const feeds = plan.start.feeds ?? [...await feedsInRecording(plan.path, LINES_TO_LEARN_FEEDS)];
  await untilListenedTo(feeds, plan.start, deps, signal);
  deps.log.info("simulator_replay_start", { file: plan.path, speed: plan.speed, feeds });
  const summary: ReplaySummary = { lines: 0, events: 0, badLines: 0, cutFiles: 0, problems: [] };
  const pace = plan.speed > 0 ? keepPace(plan.speed, deps.clock, signal) : freePace(deps.flow, signal);
  const onCut = (file: string) => {
    summary.cutFiles++;
    deps.log.warning("simulator_replay_cut", { file, lines: summary.lines });
  };
  for await (const line of replayLines(plan.path, onCut)) {
    signal.throwIfAborted();
    const frame = readFrame(line, summary, deps.log);
    if (!frame) continue;
    await pace(frame);
    deps.hub.publish(frame.events);
    summary.lines++;
    summary.events += frame.events.length;
  }
  const { lines, events, badLines, cutFiles } = summary;
  deps.log.info("simulator_replay_done", { lines, events, bad_lines: badLines, cut_files: cutFiles });
  return summary;
}

function readFrame(line: NumberedLine, summary: ReplaySummary, log: Log): ReplayFrame | undefined {
  const read = readReplayLine(line.text);
  if ("frame" in read) return read.frame;
  summary.badLines++;
  if (summary.problems.length < PROBLEMS_TOLD) {
    summary.problems.push(`line ${line.number}: ${read.problem}`);
    log.warning("simulator_replay_bad_line", { file: line.file, line: line.number, problem: read.problem });
  }
  return undefined;
}

async function untilListenedTo(
  feeds: readonly string[],
  start: ReplayStart,
  { hub, clock, lastSubscribedAt }: ReplayDeps,
  signal: AbortSignal,
): Promise<void> {
  let firstAt: number | undefined;
  for (;;) {
    const now = clock.monotonic();
    const last = lastSubscribedAt();
    if (last !== undefined) {
      firstAt ??= last;
      const subscribed: ReadonlySet<string> = hub.subscribedFeeds;
      const complete = subscribed.size > 0 && feeds.every((feed) => subscribed.has(feed));
      const patienceOver = subscribed.size > 0 && now - firstAt >= start.graceMs;
      if ((complete || patienceOver) && now - last >= start.settleMs) return;
    }
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** Waits until a frame's time has come; the first frame's is now. */
function keepPace(speed: number, clock: Clock, signal: AbortSignal): (frame: ReplayFrame) => Promise<void> {
  let firstAt: number | undefined;
  const startedAt = clock.monotonic();
  let sinceRest = 0;
  return async (frame) => {
    firstAt ??= frame.at;
    const waitMs = startedAt + (frame.at - firstAt) / speed - clock.monotonic();
    sinceRest += frame.events.length;
    if (waitMs <= 0 && sinceRest < LATE_EVENTS) return;
    // Behind its pace it still lets the sockets work now and then.
    sinceRest = 0;
    await clock.sleep(Math.max(0, waitMs), signal);
  };
}

/** Waits for the readers every so many events. */
function freePace(flow: FlowControl, signal: AbortSignal): (frame: ReplayFrame) => Promise<void> {
  let sent = 0;
  return async (frame) => {
    sent += frame.events.length;
    if (sent < FREE_EVENTS) return;
    sent = frame.events.length;
    await flow.untilTaken(signal);
  };
}
