/**
 * One stream in one instance: its pullers, its ring, the distinct subscriptions on it. What followers stand on.
 */
import type { Clock, Random } from "../../feed/clock.ts";
import { ORIGIN, parseCursor, type Position } from "../../feed/cursor.ts";
import type { ElementPeek } from "../../feed/event_text.ts";
import type { Log } from "../../feed/log.ts";
import type { FeedStore } from "../../feed/store.ts";
import type { StreamSpec } from "../../feed/stream.ts";
import type { EdgeCounters } from "../edge_counters.ts";
import type { ListFacts } from "../report/health_facts.ts";
import { LatestTable } from "./latest_table.ts";
import { ListMeter } from "./list_meter.ts";
import { ListPuller } from "./list_puller.ts";
import type { LogRecord } from "./log_record.ts";
import type { RingBudget } from "./ring_budget.ts";
import { FrameShare } from "../follow/frame_share.ts";
import { SelectionIndex } from "../follow/selection_index.ts";
import { StreamLog } from "./stream_log.ts";
import { TailReader } from "./tail_reader.ts";

/** What a feed runs on. */
export interface StreamFeedOptions {
  readonly spec: StreamSpec;
  /** Names of its lists. */
  readonly lists: readonly string[];
  readonly store: FeedStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Log;
  readonly counters: EdgeCounters;
  readonly budget: RingBudget;
  readonly lingerMs: number;
  /** The log has grown. */
  readonly onNews: (feed: StreamFeed) => void;
  /** A list of it goes on under an earlier epoch: another feed is to take its place. */
  readonly onSetBack?: (feed: StreamFeed) => void;
}

/** Bars whose newest window is remembered, by (type, symbol). */
const WINDOWS_MAX = 50_000;

interface ListParts {
  readonly name: string;
  readonly reader: TailReader;
  readonly puller: ListPuller;
  readonly meter: ListMeter;
}

/** See the file comment. */
export class StreamFeed implements AsyncDisposable {
  readonly spec: StreamSpec;
  readonly log: StreamLog;
  readonly selections: SelectionIndex;
  readonly latest: LatestTable;
  /** When the newest was pulled, monotonic ms. */
  pulledAtMs = 0;
  readonly #parts: readonly ListParts[];
  readonly #windows = new Map<string, number>();

  constructor(readonly options: StreamFeedOptions) {
    const { spec, lists, budget, counters } = options;
    this.spec = spec;
    this.log = new StreamLog(lists, spec.listCapEvents * lists.length, budget);
    this.selections = new SelectionIndex({
      name: spec.name,
      log: this.log,
      byKey: spec.latestKey === "key",
      counters,
      share: new FrameShare(),
    });
    this.latest = new LatestTable(options.store, this.log, options.clock);
    this.#parts = lists.map((name, index) => this.#makeParts(name, index));
  }

  /** Wants all lists pulled, until as many {@link StreamFeed.letGo}. */
  hold(): void {
    for (const { puller } of this.#parts) puller.hold();
  }

  letGo(): void {
    for (const { puller } of this.#parts) puller.letGo();
  }

  /** Whether every list was read lately and goes on being read: what is held is what there is, within a pull. */
  get isWarm(): boolean {
    return this.#parts.every(({ puller, reader }) =>
      reader.hasBegun && puller.isWarm && puller.failingSince === undefined
    );
  }

  /** A list was there and is not any more. */
  get isLost(): boolean {
    return this.#parts.some(({ reader }) => reader.isLost);
  }

  /** Every list was read at least once. */
  get hasBegun(): boolean {
    return this.#parts.every(({ reader }) => reader.hasBegun);
  }

  /** Resolves once every list was read again, as {@link ListPuller.fresh} does. */
  async fresh(signal: AbortSignal, spacingMs?: number): Promise<void> {
    await Promise.all(this.#parts.map(({ puller }) => puller.fresh(signal, spacingMs)));
  }

  /** A hint for one of its lists; false when it is none of them. */
  hint(list: string, position: Position): boolean {
    const parts = this.#parts.find(({ name }) => name === list);
    parts?.puller.hint(position);
    return parts !== undefined;
  }

  /** One position per list out of a cursor text of this feed's own making. */
  positionsOf(cursor: string): Position[] {
    const positions = parseCursor(cursor);
    return this.log.lists.map((list) => positions.get(list) ?? ORIGIN);
  }

  facts(): readonly ListFacts[] {
    return this.#parts.map(({ name, reader, puller, meter }) => ({
      list: name,
      head: reader.hasBegun && reader.seen.epoch !== ORIGIN.epoch ? reader.seen : undefined,
      ringEvents: Math.round((this.log.end - this.log.base) / this.log.lists.length),
      ringBytes: Math.round(this.log.bytes / this.log.lists.length),
      wanted: puller.isWanted,
      pullMs: reader.pullMs,
      pulls: puller.pulls,
      pulledAt: puller.pulledAt,
      failingSince: puller.failingSince,
      movedAt: puller.movedAt,
      lastEventT: reader.newest?.t,
      lastEventRx: reader.newest?.rx,
      rate: meter.rate(this.options.clock.monotonic()),
      pullLagMs: meter.medianLagMs(),
      gaps: reader.gaps,
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.latest[Symbol.dispose]();
    await Promise.all(this.#parts.map(({ puller }) => puller[Symbol.asyncDispose]()));
    // Last: what a puller reads while it ends is still charged to the log.
    this.options.budget.remove(this.log);
  }

  #makeParts(name: string, index: number): ListParts {
    const { store, clock, random, logger, counters, lingerMs, spec, onNews } = this.options;
    const meter = new ListMeter();
    const sink = {
      begin: (list: number, position: Position) => this.log.begin(list, position),
      append: (record: LogRecord) => this.#append(record),
      isLate: (peek: ElementPeek) => this.#isLate(peek),
    };
    const reader = new TailReader({ name, index, capEvents: spec.listCapEvents, store, sink, counters });
    let had = 0;
    const onListNews = () => {
      const total = reader.events;
      const lagMs = reader.newest === undefined ? NaN : clock.now() - reader.newest.rx;
      this.pulledAtMs = clock.monotonic();
      meter.note(this.pulledAtMs, total - had, lagMs);
      if (Number.isFinite(lagMs)) counters.observers.lag?.(spec.name, "pulled", lagMs);
      had = total;
      onNews(this);
    };
    const puller = new ListPuller({
      list: name,
      store,
      clock,
      random,
      log: logger,
      counters,
      lingerMs,
      reader,
      onNews: onListNews,
      onSetBack: () => this.options.onSetBack?.(this),
    });
    return { name, reader, puller, meter };
  }

  #append(record: LogRecord): void {
    const offset = this.log.end;
    this.log.append(record);
    if (record.missing !== undefined) return this.latest.noteMissing(record.missing);
    this.selections.note(record.sym, offset);
    this.latest.note(record);
  }

  /** Bars come in the order of their windows; one that doesn't corrects or replaces another. */
  #isLate(peek: ElementPeek): boolean {
    if (peek.type !== "second" && peek.type !== "minute") return false;
    const key = `${peek.type}:${peek.sym}`;
    const newest = this.#windows.get(key);
    if (newest !== undefined && peek.t <= newest) return true;
    if (newest === undefined && this.#windows.size >= WINDOWS_MAX) this.#windows.clear();
    this.#windows.set(key, peek.t);
    return false;
  }
}
