/**
 * The processing channel of one stream: its queue, its batch and time limit, its rule, its dedupe, its metrics, its error
 * boundary. Shares nothing with the others: whatever happens in here changes no event of another stream.
 */
import type { Clock } from "../../feed/clock.ts";
import { describeError } from "../../feed/error.ts";
import type { FeedEvent, SymbolEvent } from "../../feed/event.ts";
import type { ChannelHealth } from "../../feed/health.ts";
import type { Log } from "../../feed/log.ts";
import { listOfSymbol, type StreamSpec } from "../../feed/stream.ts";
import { ChannelMetrics } from "./channel_metrics.ts";
import { Dedupe, IDENTITIES_PER_GENERATION } from "./dedupe.ts";
import { Inbox, type Queued, type QueuedGap } from "./inbox.ts";
import { Lane, laneItem } from "./lane.ts";
import { type GapToTell, lossOf } from "./loss.ts";
import type { Worker } from "./work_order.ts";

/** Largest event that goes into a list, in bytes. */
export const EVENT_MAX_BYTES = 262_144;
/** After an overflow the queue is at most this full, so that the next event doesn't overflow it again. */
const RELIEVED_SHARE = 0.9;
/** A failed channel rests so long, doubling with every failure in a row. */
const FAILED_REST_BASE_MS = 50;
const FAILED_REST_CAP_MS = 5_000;
/** Least time between two complaints about a full queue. */
const COMPLAINT_INTERVAL_MS = 10_000;

/** What a channel is made of. */
export interface ChannelOptions {
  readonly spec: StreamSpec;
  readonly lists: readonly string[];
  readonly enabled: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** There is work: somebody should call {@link Channel.work}. */
  readonly wake: () => void;
  readonly rule: ((event: FeedEvent) => FeedEvent | undefined) | undefined;
  readonly forwarded: (stream: string, events: readonly FeedEvent[]) => void;
}

type State =
  | { readonly name: "off" }
  | { readonly name: "stopped"; readonly since: number }
  | { readonly name: "on" }
  | { readonly name: "failed"; readonly failures: number; readonly rest: Disposable };

/** See the file's own description. */
export class Channel implements Worker {
  readonly metrics: ChannelMetrics;
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly dedupe: Dedupe;
  readonly #options: ChannelOptions;
  readonly #inbox = new Inbox();
  #state: State;
  /** Nothing is worked on before the lists were read, for dedupe must know what is in them. */
  #open = false;
  #due = false;
  #hurried = false;
  #timeLimit: Disposable | undefined;
  #failuresInARow = 0;
  #complainAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#state = { name: options.enabled ? "on" : "off" };
    this.metrics = new ChannelMetrics(options.clock);
    // What the lists hold is remembered at the very least.
    const held = 2 * options.lists.length * options.spec.listCapEvents;
    this.dedupe = new Dedupe(Math.max(IDENTITIES_PER_GENERATION, held));
    this.lanes = new Map(
      options.lists.map((list) => [list, new Lane(list, options.clock, (gap) => this.metrics.gap(gap))]),
    );
  }

  get spec(): StreamSpec {
    return this.#options.spec;
  }

  get priority(): number {
    return this.spec.workPriority;
  }

  get state(): ChannelHealth["state"] {
    return this.#state.name;
  }

  /** Events that wait here, worked on or not. */
  get depth(): number {
    let depth = this.#inbox.size;
    for (const lane of this.lanes.values()) depth += lane.depth;
    return depth;
  }

  get hasWork(): boolean {
    return this.#open && this.#due && this.#inbox.size > 0 && this.#state.name !== "failed";
  }

  /** Whether nothing waits to be worked on. */
  get workedOff(): boolean {
    return this.#inbox.size === 0;
  }

  /** Takes one event; over the cap the stream's overflow policy decides. */
  offer(event: FeedEvent, connection: string): void {
    if (event.type === "gap") return this.tellGap(event);
    if (this.#state.name === "off" || this.#state.name === "stopped") {
      return this.metrics.dropped(this.#state.name);
    }
    if (this.depth >= this.spec.queueCapEvents && !this.#relieve(event)) return;
    this.#enqueue({ kind: "event", event, connection, list: this.#listOf(event) });
  }

  /** A loss that is not this queue's, in every list, behind what waits already. */
  tellGap({ lost, cause, from, to }: GapToTell): void {
    if (this.#state.name === "off") return;
    const share = this.lanes.size > 1 && lost !== 0 ? null : lost;
    for (const list of this.lanes.keys()) {
      this.#enqueue({ kind: "gap", gap: { lost: share, cause, from, to }, list });
    }
  }

  start(): void {
    if (this.#state.name !== "stopped") return;
    const from = this.#state.since;
    this.#state = { name: "on" };
    this.tellGap({ lost: null, cause: "upstream", from, to: this.#options.clock.now() });
  }

  stop(): void {
    if (this.#state.name === "off" || this.#state.name === "stopped") return;
    if (this.#state.name === "failed") this.#state.rest[Symbol.dispose]();
    this.#state = { name: "stopped", since: this.#options.clock.now() };
    this.#becomeDue();
  }

  /** From now on what waits is worked on. */
  open(): void {
    this.#open = true;
    this.#becomeDue();
  }

  /** What comes from now on waits, without any timer running. */
  close(): void {
    this.#open = false;
    this.#settle();
    if (this.#state.name !== "failed") return;
    this.#state.rest[Symbol.dispose]();
    this.#state = { name: "on" };
  }

  /** Batches are handed over without waiting to be full, from now on or no longer. */
  hurry(hurried: boolean): void {
    this.#hurried = hurried;
    if (hurried && this.#inbox.size > 0) this.#becomeDue();
  }

  /** Forgets what waits to be worked on; gives how many that were. */
  clearInbox(): number {
    this.#settle();
    return this.#inbox.clear();
  }

  /** Works off at most so many events: rule, dedupe, encode, hand-over. What throws costs that event and a rest. */
  work(maxEvents: number): void {
    const startMs = this.#options.clock.monotonic();
    const forwarded: FeedEvent[] = [];
    let count = 0;
    while (count < maxEvents && this.#state.name !== "failed") {
      const queued = this.#inbox.shift();
      if (!queued) break;
      count++;
      try {
        this.#process(queued, forwarded);
        this.#failuresInARow = 0;
      } catch (error) {
        this.#fail(error, queued);
      }
    }
    if (this.#inbox.size === 0) this.#settle();
    if (forwarded.length > 0) this.#options.forwarded(this.spec.name, forwarded);
    this.metrics.worked(count, this.#options.clock.monotonic() - startMs);
  }

  #process(queued: Queued | QueuedGap, forwarded: FeedEvent[]): void {
    if (queued.kind === "gap") {
      this.#lose(queued.list, queued.gap);
      return;
    }
    const { event, connection, list } = queued;
    const ruled = this.#options.rule ? this.#options.rule(event) : event;
    if (!ruled) return this.metrics.dropped("rule");
    const plain = laneItem(ruled);
    const verdict = this.dedupe.judge(ruled, connection, plain.body.text);
    if (verdict.kind === "repeat") return this.metrics.repeated();
    if (verdict.kind === "correction") this.metrics.corrected();
    const item = verdict.event === ruled ? plain : laneItem(verdict.event);
    if (item.bytes > EVENT_MAX_BYTES) return this.metrics.dropped("too large");
    this.metrics.forwarded(verdict.event);
    this.lanes.get(list)?.push(item);
    forwarded.push(verdict.event);
  }

  #enqueue(queued: Queued | QueuedGap): void {
    this.#inbox.push(queued);
    if (this.#due || !this.#open) return;
    if (this.#hurried || this.#inbox.size >= this.spec.batchEvents) return this.#becomeDue();
    this.#timeLimit ??= this.#options.clock.timer(this.spec.batchTimeLimitMs, () => this.#becomeDue());
  }

  #becomeDue(): void {
    this.#timeLimit?.[Symbol.dispose]();
    this.#timeLimit = undefined;
    if (this.#inbox.size === 0 || !this.#open) return;
    this.#due = true;
    this.#options.wake();
  }

  /** The batch is handed over: the next begins with the next event. */
  #settle(): void {
    this.#due = false;
    this.#timeLimit?.[Symbol.dispose]();
    this.#timeLimit = undefined;
  }

  /** Makes room. False when the newcomer is what goes. */
  #relieve(newcomer: SymbolEvent): boolean {
    const { overflow, queueCapEvents } = this.spec;
    if (overflow === "drop") {
      const list = this.#listOf(newcomer);
      if (this.#inbox.size > 0) this.#inbox.refuse(list, newcomer);
      else this.#lose(list, lossOf(newcomer));
      this.#tellOverflow(1);
      return false;
    }
    const target = Math.floor(queueCapEvents * RELIEVED_SHARE);
    let gone = 0;
    for (const lane of this.lanes.values()) gone += lane.conflate();
    if (this.depth > target) gone += this.#inbox.conflate(this.#lose);
    for (const lane of this.lanes.values()) {
      if (this.depth > target) gone += lane.dropOldest(this.depth - target);
    }
    if (this.depth > target) gone += this.#inbox.shrink(target, this.#lose);
    this.#tellOverflow(gone);
    return true;
  }

  #tellOverflow(gone: number): void {
    this.metrics.dropped("overflow", gone);
    const now = this.#options.clock.monotonic();
    if (gone === 0 || now < this.#complainAtMs) return;
    this.#complainAtMs = now + COMPLAINT_INTERVAL_MS;
    this.#options.log.warning("queue_overflow", {
      stream: this.spec.name,
      lost: gone,
      policy: this.spec.overflow,
    });
  }

  readonly #lose = (list: string, gap: GapToTell): void => this.lanes.get(list)?.lose(gap);

  #fail(error: unknown, queued: Queued | QueuedGap): void {
    const { clock, log } = this.#options;
    this.metrics.failed();
    this.#lose(queued.list, queued.kind === "gap" ? queued.gap : lossOf(queued.event));
    this.#failuresInARow++;
    const restMs = Math.min(
      FAILED_REST_CAP_MS,
      FAILED_REST_BASE_MS * 2 ** Math.min(this.#failuresInARow - 1, 16),
    );
    log.error("channel_failed", { stream: this.spec.name, error: describeError(error), rest_ms: restMs });
    if (this.#state.name !== "on") return;
    const rest = clock.timer(restMs, () => {
      this.#state = { name: "on" };
      if (this.#due) this.#options.wake();
    });
    this.#state = { name: "failed", failures: this.#failuresInARow, rest };
  }

  #listOf(event: SymbolEvent): string {
    return listOfSymbol(this.spec.name, event.sym, this.lanes.size);
  }
}
