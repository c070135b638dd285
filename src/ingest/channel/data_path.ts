/** The pipeline itself: channels, their appenders, and who is worked on next. The port is in `pipeline.ts`. */
import { systemRandom } from "../../feed/clock.ts";
import { formatPosition } from "../../feed/cursor.ts";
import { describeError } from "../../feed/error.ts";
import type { FeedEvent } from "../../feed/event.ts";
import type { ChannelHealth } from "../../feed/health.ts";
import { listsOfStream, type StreamSpec } from "../../feed/stream.ts";
import { AppendPacer } from "./append_pacer.ts";
import { Appender } from "./appender.ts";
import { Channel } from "./channel.ts";
import { createDropCounter, type DropCounter } from "../wire/drop_counter.ts";
import type { FrameOutcome, UpstreamFrame } from "../wire/frame.ts";
import { leadLists } from "./lead_lists.ts";
import type { GapToTell } from "./loss.ts";
import { parseFrame } from "../wire/parse_frame.ts";
import type { Pipeline, PipelineOptions } from "./pipeline.ts";
import { askQuietly } from "./quiet_hours.ts";
import type { StreamPath } from "./stream_path.ts";
import { SymbolRates } from "./symbol_rates.ts";
import { SyntheticMinutes } from "./synthetic_minutes.ts";
import { WorkOrder } from "./work_order.ts";

/** The only stream that is split. */
const SPLIT_STREAM = "tick";
/** Between looks at whether a flush is done. */
const FLUSH_LOOK_MS = 2;
/** Least time between two complaints about a broken listener. */
const COMPLAINT_INTERVAL_MS = 10_000;

/** See {@link Pipeline}. */
export class DataPath implements Pipeline {
  readonly #options: PipelineOptions;
  readonly #drops: DropCounter;
  readonly #rates: SymbolRates;
  readonly #paths: ReadonlyMap<string, StreamPath>;
  readonly #byType = new Map<string, Channel>();
  readonly #order: WorkOrder;
  readonly #minutes: SyntheticMinutes | undefined;
  #leading = false;
  #complainAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#drops = createDropCounter(options.clock, options.log);
    this.#rates = new SymbolRates(options.clock);
    this.#paths = new Map([...options.streams.values()].map((spec) => [spec.name, this.#buildPath(spec)]));
    for (const { channel } of this.#paths.values()) {
      for (const type of channel.spec.eventTypes) this.#byType.set(type, channel);
    }
    this.#order = new WorkOrder(options.clock, [...this.#paths.values()].map((path) => path.channel));
    if (options.settings.syntheticMinutes) {
      this.#minutes = new SyntheticMinutes(options.clock, (bars) => this.offer("minute", bars));
    }
  }

  accept(frame: UpstreamFrame): FrameOutcome {
    this.#safely(() => this.#options.onFrame?.(frame));
    const drop = (reason: string) => this.#drops.count(reason, frame.connection);
    const { events, statuses } = parseFrame(frame.text, frame.market, frame.rx, drop);
    this.#rates.turn();
    let latestEventT: number | null = null;
    for (const event of events) {
      const dueAt = event.type === "second" || event.type === "minute" ? event.end : event.t;
      if (latestEventT === null || dueAt > latestEventT) latestEventT = dueAt;
      if (event.type !== "gap") this.#rates.count(event.sym);
      this.#byType.get(event.type)?.offer(event, frame.connection);
    }
    return { statuses, events: events.length, latestEventT };
  }

  offer(stream: string, events: readonly FeedEvent[]): void {
    const channel = this.#paths.get(stream)?.channel;
    if (!channel) return this.#drops.count("unknown stream", stream, events.length);
    for (const event of events) channel.offer(event, "");
  }

  async lead(fence: number, signal: AbortSignal, anew = false): Promise<"fenced" | "aborted"> {
    if (this.#leading) throw new Error("Cannot lead as this pipeline leads already");
    this.#leading = true;
    const { clock, quietHours, settings } = this.#options;
    using _quiet = quietHours &&
      askQuietly(quietHours, settings.pullIntervalMs, [...this.#paths.values()], clock);
    try {
      return await leadLists([...this.#paths.values()], { fence, anew }, this.#options, signal);
    } finally {
      this.#leading = false;
      this.#minutes?.[Symbol.dispose]();
    }
  }

  tellGap(stream: string, gap: GapToTell): void {
    this.#paths.get(stream)?.channel.tellGap(gap);
  }

  start(stream: string): void {
    this.#paths.get(stream)?.channel.start();
  }

  stop(stream: string): void {
    this.#paths.get(stream)?.channel.stop();
  }

  pressure(): number {
    let fullest = 0;
    for (const { channel } of this.#paths.values()) {
      fullest = Math.max(fullest, channel.depth / channel.spec.queueCapEvents);
    }
    return Math.min(1, fullest);
  }

  health(): { channels: ChannelHealth[]; dropsByReason: Record<string, number> } {
    const now = this.#options.clock.monotonic();
    const channels = [...this.#paths.values()].map(({ channel, appenders, pacers }): ChannelHealth => ({
      stream: channel.spec.name,
      state: channel.state,
      ...channel.metrics.measured(),
      queueDepth: channel.depth,
      lists: [...appenders].map(([list, { head, depth, appends }], n) => ({
        list,
        head: head ? formatPosition(head) : null,
        depth,
        appends,
        paceMs: pacers[n]?.paceMs(now) ?? 0,
      })),
    }));
    return { channels, dropsByReason: this.#drops.byReason() };
  }

  symbolRates(): ReadonlyMap<string, number> {
    return this.#rates.rates();
  }

  setMinuteStreamUp(up: boolean, symbols?: Iterable<string>): void {
    this.#minutes?.setUp(up, symbols);
  }

  async flush(signal: AbortSignal): Promise<void> {
    const paths = [...this.#paths.values()];
    const done = ({ channel, appenders }: StreamPath) =>
      channel.workedOff && [...appenders.values()].every((appender) => appender.idle);
    for (const { channel } of paths) channel.hurry(true);
    try {
      while (!paths.every(done)) await this.#options.clock.sleep(FLUSH_LOOK_MS, signal);
    } finally {
      for (const { channel } of paths) channel.hurry(false);
    }
  }

  #buildPath(spec: StreamSpec): StreamPath {
    const { clock, log, settings, enabled, rules, store, random = systemRandom } = this.#options;
    const lists = listsOfStream(spec.name, spec.name === SPLIT_STREAM ? settings.tickLists : 1);
    const channel = new Channel({
      spec,
      lists,
      enabled: enabled?.has(spec.name) ?? true,
      clock,
      log,
      wake: () => this.#order.wake(),
      rule: rules?.get(spec.name),
      forwarded: (stream, events) => this.#forwarded(stream, events),
    });
    const pacers: AppendPacer[] = [];
    const appenders = new Map<string, Appender>();
    for (const [list, lane] of channel.lanes) {
      const pacer = new AppendPacer(spec.listCapEvents, settings.pullIntervalMs);
      pacers.push(pacer);
      const appender = new Appender({
        store,
        clock,
        random,
        log,
        lane,
        pacer,
        listCapEvents: spec.listCapEvents,
        appendIntervalMs: settings.appendIntervalMs,
        returned: (outageMs) => this.#returned(outageMs),
        appended: (name, first, items) => {
          for (const { event } of items) channel.metrics.appended(event);
          this.#safely(() => this.#options.onAppended?.(name, first, items.map((item) => item.event)));
        },
      });
      appenders.set(list, appender);
    }
    return { channel, appenders, pacers };
  }

  #returned(outageMs: number): void {
    const now = this.#options.clock.monotonic();
    for (const { pacers } of this.#paths.values()) {
      for (const pacer of pacers) pacer.returned(outageMs, now);
    }
  }

  #forwarded(stream: string, events: readonly FeedEvent[]): void {
    this.#safely(() => this.#options.onForwarded?.(stream, events));
    if (stream === "tick") this.#safely(() => this.#minutes?.see(events));
  }

  /** What listens in must not disturb what it listens to. */
  #safely(listen: () => void): void {
    try {
      listen();
    } catch (error) {
      this.#drops.count("listener failed", "pipeline");
      const now = this.#options.clock.monotonic();
      if (now < this.#complainAtMs) return;
      this.#complainAtMs = now + COMPLAINT_INTERVAL_MS;
      this.#options.log.error("listener_failed", { error: describeError(error) });
    }
  }
}

/** Builds the data path; nothing runs until events come and {@link Pipeline.lead} is called. */
export const createPipeline = (options: PipelineOptions): Pipeline => new DataPath(options);
