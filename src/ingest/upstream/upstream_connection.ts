/**
 * One upstream connection for as long as it is wanted: sockets one after the other, with the right wait in between. Knows
 * its topics, its state and its figures; who rides on it is the connection manager's business.
 */
import { type Clock, isAbort, type Random } from "../../feed/clock.ts";
import type { Log } from "../../feed/log.ts";
import type { Market } from "../../feed/wire_fields.ts";
import { HEALTHY_AFTER_MS } from "./backoff.ts";
import { type ConnectionState, isUp } from "./connection_state.ts";
import { ConnectionStats } from "./connection_stats.ts";
import type { FrameOutcome, UpstreamFeed, UpstreamFrame } from "../wire/frame.ts";
import { ReconnectWait, type TurnedAwayAnswer } from "./reconnect_wait.ts";
import { type Refusal, type RefusalKind, refusalOf } from "./refusal.ts";
import { type SessionProgress, UpstreamSession } from "./upstream_session.ts";
import type { SocketFrame, SocketOpener } from "./upstream_socket.ts";

/** What a connection is. */
export interface ConnectionSpec {
  readonly id: string;
  readonly name: string;
  readonly feed: UpstreamFeed;
  readonly market: Market;
  /** Without the key, which is never in a URL. */
  readonly url: string;
  readonly apiKey: string;
}

/** What a connection needs of its surroundings. */
export interface ConnectionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly open: SocketOpener;
  /** Hands a frame to the data path. Must not throw. */
  readonly accept: (frame: UpstreamFrame) => FrameOutcome;
  /** State or acknowledgements moved. Must not throw. */
  readonly onChange: (connection: UpstreamConnection) => void;
  /** The account's quota turned it away, for the n-th time in a row (from 0), so long after its key was accepted. Default: rest. */
  readonly onTurnedAway?: (
    connection: UpstreamConnection,
    ageMs: number,
    evictions: number,
  ) => TurnedAwayAnswer;
}

/** See the file's head. */
export class UpstreamConnection {
  readonly stats = new ConnectionStats();
  readonly #deps: ConnectionDeps;
  readonly #log: Log;
  #state: ConnectionState = { phase: "stopped" };
  #topics: ReadonlySet<string> = new Set();
  #session: UpstreamSession | undefined;
  #lastSignOfLife: number | undefined;
  readonly #wait: ReconnectWait;
  readonly #told = new Set<RefusalKind>();

  constructor(readonly spec: ConnectionSpec, deps: ConnectionDeps) {
    this.#deps = deps;
    this.#log = deps.log;
    this.#wait = new ReconnectWait(
      deps.random,
      (ageMs, evictions) => deps.onTurnedAway?.(this, ageMs, evictions) ?? "rest",
    );
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Topics wanted on it. */
  get topics(): ReadonlySet<string> {
    return this.#topics;
  }

  /** Whether it has lasted long enough past its handshake to be trusted again. */
  get isHealthy(): boolean {
    return isUp(this.#state) && (this.#session?.aliveMs ?? 0) >= HEALTHY_AFTER_MS;
  }

  /** Unix ms of the last moment it is known to have worked; undefined when it never did. */
  get lastSignOfLife(): number | undefined {
    const { clock } = this.#deps;
    if (this.#session === undefined || this.#session.aliveMs === 0) return this.#lastSignOfLife;
    return Math.floor(clock.now() - (clock.monotonic() - this.#session.lastInbound));
  }

  /** Whether the upstream serves the topic on it now. */
  holds(topic: string): boolean {
    return this.#session?.holds(topic) ?? false;
  }

  /** Whether nothing more is expected about the topic: confirmed or given up on. */
  isAnswered(topic: string): boolean {
    return this.#session?.isAnswered(topic) ?? false;
  }

  /** Sets the topics wanted from now on; the difference goes out in paced messages, no socket is touched. */
  want(topics: ReadonlySet<string>): void {
    if (topics.size === this.#topics.size && [...topics].every((topic) => this.#topics.has(topic))) return;
    this.#topics = topics;
    this.#session?.want(topics);
  }

  /** Since its key was accepted, ms; undefined while it is not in. */
  get ageMs(): number | undefined {
    const age = this.#session?.aliveMs ?? 0;
    return age === 0 ? undefined : age;
  }

  /** Leaves its slot to another of ours, for long. */
  giveWay(): void {
    this.#session?.leave(refusalOf("surplus_connection"));
  }

  /** Runs until the signal aborts; ends with its socket closed by a close frame. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const ended = await this.#runSession(signal);
      if (signal.aborted) break;
      const { refusal, waitMs } = this.#wait.after(ended);
      this.stats.errors++;
      this.#reportLoss(refusal, waitMs);
      this.#move({ phase: "waiting", since: this.#now(), until: this.#now() + Math.round(waitMs), refusal });
      try {
        await this.#deps.clock.sleep(waitMs, signal);
      } catch (error) {
        if (!isAbort(error, signal)) throw error;
      }
      this.stats.reconnects++;
    }
    this.#move({ phase: "stopped" });
  }

  async #runSession(signal: AbortSignal): Promise<Refusal> {
    const { clock, open } = this.#deps;
    const session = this.#session = new UpstreamSession({
      clock,
      open,
      url: this.spec.url,
      apiKey: this.spec.apiKey,
      accept: (frame) => this.#accept(frame),
      onProgress: (progress) => this.#progress(progress),
    }, this.#topics);
    this.#move({ phase: "opening", since: this.#now() });
    try {
      return await session.run(signal);
    } finally {
      this.#lastSignOfLife = this.lastSignOfLife;
      this.#wait.lasted(session.aliveMs);
      this.#session = undefined;
    }
  }

  #accept(frame: SocketFrame): FrameOutcome {
    const { id, market, feed } = this.spec;
    const outcome = this.#deps.accept({ connection: id, market, feed, text: frame.text, rx: frame.rx });
    this.stats.frame(this.#deps.clock.monotonic(), frame.rx, outcome.events, outcome.latestEventT);
    return outcome;
  }

  #progress(progress: SessionProgress): void {
    const since = this.#now();
    switch (progress.step) {
      case "opened":
        return this.#move({ phase: "authenticating", since });
      case "authenticated":
        this.#told.clear();
        return this.#move({ phase: "subscribing", since, connectedAt: since });
      case "refused":
        return this.#reportRefusal(progress.refusal);
      case "settled": {
        if (this.#state.phase !== "subscribing" && this.#state.phase !== "streaming") return;
        const { connectedAt, phase } = this.#state;
        if (phase === "subscribing") {
          this.#log.info(
            "upstream_connect",
            this.#context({ topics: this.#topics.size, took_ms: since - connectedAt }),
          );
        }
        return this.#move({
          phase: "streaming",
          since: phase === "streaming" ? this.#state.since : since,
          connectedAt,
          unserved: progress.unserved,
        });
      }
    }
  }

  /** Once a kind and session: a refused frame of 200 topics may be answered by as many refusals. */
  #reportRefusal(refusal: Refusal): void {
    const isNews = refusal.kind !== "unknown_status";
    if (isNews) this.stats.errors++;
    if (this.#told.has(refusal.kind)) return;
    this.#told.add(refusal.kind);
    const fields = this.#context({ why: refusal.kind, detail: refusal.detail });
    if (isNews) this.#log.warning("upstream_refused", fields);
    else this.#log.info("upstream_status", fields);
  }

  #reportLoss(refusal: Refusal, waitMs: number): void {
    const event = refusal.retry === "backoff" ? "upstream_disconnect" : "upstream_refused";
    this.#log.warning(
      event,
      this.#context({ why: refusal.kind, detail: refusal.detail, retry_in_ms: Math.round(waitMs) }),
    );
  }

  #context(more: Record<string, string | number>): Record<string, string | number> {
    const { id, name, feed, market } = this.spec;
    return { connection: id, name, feed, market, ...more };
  }

  #now(): number {
    return this.#deps.clock.now();
  }

  #move(state: ConnectionState): void {
    this.#state = state;
    this.#deps.onChange(this);
  }
}
