/**
 * One program at the Massive-compatible door: its conversation, what it follows, and how it ends. It gets every event
 * or none: where something is missing the socket is cut, for that protocol has no word for a gap, and programs
 * written for it reconnect.
 */
import type { Market } from "../../feed/wire_fields.ts";
import { describeError, TickcastError } from "../../feed/error.ts";
import type { EdgeCore } from "../edge_core.ts";
import type { Follower, FollowerHost } from "../follow/follower.ts";
import type { Frame } from "../follow/frame.ts";
import { MassiveFollowing } from "./massive_following.ts";
import type { WireFrames } from "./massive_frame.ts";
import { MassiveSession } from "./massive_session.ts";
import * as status from "./massive_status.ts";
import { MassiveSocket } from "./massive_socket.ts";
import type { Principal } from "../admit/principal.ts";
import { SlowPolicy } from "../follow/slow_policy.ts";
import { MessageAllowance, textBytes } from "../admit/message_allowance.ts";
import type { ServerSocket } from "../deliver/websocket_transport.ts";

/**
 * Messages waiting while one before them is being carried out (official clients send auth and subscribes in one go).
 */
const WAITING_MAX = 256;
/** Pairs named in the log. */
const PAIRS_LOGGED = 10;
/** Over this many refused messages, each told, the connection is a flood. */
const REFUSED_MAX = 1000;
/** What a client is made from. */
export interface MassiveClientOptions {
  readonly core: EdgeCore;
  readonly socket: ServerSocket;
  readonly market: Market;
  readonly frames: WireFrames;
  /** Known already by a header; it still says `auth`, which then changes nothing. */
  readonly principal: Principal | undefined;
  readonly onEnd: (client: MassiveClient) => void;
}

/** See the file's head. */
export class MassiveClient implements FollowerHost {
  readonly id = crypto.randomUUID();
  readonly openedMs: number;
  readonly session: MassiveSession;
  readonly #options: MassiveClientOptions;
  readonly #socket: MassiveSocket;
  readonly #following: MassiveFollowing;
  readonly #stop = new AbortController();
  /** Among the connections of its principal's subject. */
  #place: Disposable | undefined;
  #slow: SlowPolicy | undefined;
  #allowance: MessageAllowance | undefined;
  #refused = 0;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();
  drainedMs = -1;

  constructor(options: MassiveClientOptions) {
    this.#options = options;
    this.openedMs = options.core.clock.monotonic();
    this.session = new MassiveSession(options.market, options.core.settings.maxSymbols);
    this.#socket = new MassiveSocket(options.socket, options.core);
    this.#following = new MassiveFollowing(this, this.session, options.core, this.#stop.signal);
  }

  get isEnded(): boolean {
    return this.#stop.signal.aborted;
  }

  /** The socket is open. */
  greet(): void {
    this.#say([status.CONNECTED]);
  }

  /** One message of the program. Never throws. */
  receive(data: unknown): void {
    const { core } = this.#options;
    if (this.isEnded) return;
    const { settings, counters } = core;
    this.#allowance ??= new MessageAllowance(settings, this.openedMs);
    const bytes = typeof data === "string" ? textBytes(data, settings.messageMaxBytes) : 0;
    const over = this.#allowance.take(bytes, core.clock.monotonic());
    if (over !== undefined || this.#waiting >= WAITING_MAX) return this.#refuse(over ?? "messages");
    if (typeof data !== "string") return counters.drop("massive_unreadable");
    if (bytes > settings.messageMaxBytes) {
      counters.limit("message_size");
      return this.end(1009);
    }
    this.#waiting++;
    this.#last = this.#last.then(() => this.#carryOut(data)).catch((error) => {
      core.log.error("ws_error", { client: this.id, error: describeError(error) });
      this.cut();
    }).finally(() => this.#waiting--);
  }

  /** Looks after itself, every round. Times: monotonic and Unix, ms. */
  tend(nowMs: number, now: number): void {
    const { principal } = this.session;
    const { settings, counters, slowLimits } = this.#options.core;
    if (principal === undefined && nowMs - this.openedMs >= settings.authTimeoutMs) {
      counters.limit("auth_time");
      this.#say([status.AUTH_TIMEOUT]);
      return this.cut();
    }
    if ((principal?.expiresAtMs ?? Infinity) <= now) return this.end(4004);
    const buffered = this.buffered();
    if (buffered > slowLimits.hardBytes || (buffered > 0 && this.#slow?.isOverdue(nowMs))) this.#giveUp();
  }

  buffered(): number {
    return this.#socket.buffered;
  }

  mayTake(follower: Follower, bufferedBytes: number, nowMs: number, isLate: boolean): boolean {
    this.#slow ??= new SlowPolicy(this.#options.core.slowLimits);
    const wasOver = this.#slow.isOver;
    const verdict = this.#slow.judge(follower, this.drainedMs, bufferedBytes, nowMs, isLate);
    if (verdict === "close") this.#giveUp();
    else if (this.#slow.isOver && !wasOver) this.#options.core.counters.slowWarned++;
    return verdict === "send";
  }

  take(frame: Frame, follower: Follower): void {
    follower.silentSinceMs = 0;
    if (frame.gap !== undefined) return this.#missed(frame.gapCause ?? "evicted");
    const { held } = this.session;
    const text = this.#options.frames.message(
      frame,
      held.shareKey(frame.stream),
      (type, symbol) => held.wants(type, symbol),
    );
    if (text === "") return;
    this.#socket.send(text);
  }

  tellMissing(): void {
    this.#missed("slow");
  }

  giveSnapshot(): void {
    // Massive sends none: a symbol shows nothing until it next ticks.
  }

  /** Ends without a close frame, as Massive does; with 1012 where the server has no way to. */
  cut(): void {
    if (this.isEnded) return;
    this.dispose();
    this.#socket.cut();
  }

  /** Ends with a close frame. */
  end(code: number): void {
    if (this.isEnded) return;
    this.dispose();
    this.#socket.close(code);
  }

  /** The connection is gone, or about to be. Any number of times. */
  dispose(): void {
    if (this.isEnded) return;
    this.#stop.abort(new DOMException("closed", "AbortError"));
    this.#following.letGoAll();
    this.#place?.[Symbol.dispose]();
    this.#options.onEnd(this);
  }

  /** The peer has let go of the socket. */
  closed(): void {
    this.#socket.closed();
    this.dispose();
  }

  async #carryOut(text: string): Promise<void> {
    if (this.isEnded) return;
    const reply = this.session.receive(text);
    if (reply.kind === "silence") return this.#options.core.counters.drop(`massive_${reply.why}`);
    if (reply.kind === "auth") return await this.#authenticate(reply.token);
    if (reply.changed) await this.#following.update();
    if (this.isEnded) return;
    if (reply.statuses.includes(status.SUBSCRIPTION_LIMIT)) this.#options.core.counters.limit("symbols");
    this.#say(reply.statuses);
    if (this.isEnded) return;
    this.#following.begin();
    if (reply.changed) {
      const pairs = [...this.session.held.topics()].slice(0, PAIRS_LOGGED).map((topic) => topic.text);
      this.#options.core.log.info("ws_subscribe", {
        client: this.id,
        pairs: this.session.held.size,
        symbols: pairs,
      });
    }
  }

  async #authenticate(token: string): Promise<void> {
    const { core, principal: known } = this.#options;
    try {
      const principal = known ?? await core.gate.authenticate(token);
      // Merged bars are not what Massive sends, so the tier that only gets those can't be served here.
      if (principal.tier === "free") return this.#refuseAccess(status.PLAN_WITHOUT_WEBSOCKET);
      this.#takePlace(principal);
      const before = this.session.principal;
      const changed = this.session.admit(principal);
      this.#say([status.AUTHENTICATED]);
      if (changed || (before !== undefined && before.tier !== principal.tier)) await this.#following.update();
    } catch (error) {
      if (!(error instanceof TickcastError)) throw error;
      core.counters.refuse(error.code);
      if (error.code === "OVERLOADED") {
        this.#say([status.MAX_CONNECTIONS]);
        return this.end(1008);
      }
      // Told that its key is bad a program stays away for good; one that is dropped comes back.
      if (error.shouldRetry && error.code !== "AUTH_EXPIRED") return this.cut();
      this.#refuseAccess(status.BAD_KEY);
    }
  }

  /** @throws {TickcastError} OVERLOADED when the token's subject holds as many connections as it may */
  #takePlace(principal: Principal): void {
    if (this.isEnded || principal.subject === this.session.principal?.subject) return;
    const place = this.#options.core.subjects.take(principal.subject);
    this.#place?.[Symbol.dispose]();
    this.#place = place;
  }

  #refuseAccess(text: string): void {
    this.#say([text]);
    this.cut();
  }

  #missed(cause: Parameters<EdgeCore["counters"]["gap"]>[0]): void {
    this.#options.core.counters.gap(cause);
    this.cut();
  }

  #giveUp(): void {
    const { counters, log } = this.#options.core;
    counters.slowClosed++;
    log.warning("slow_consumer", { client: this.id, buffered_bytes: this.buffered(), action: "cut" });
    this.cut();
  }

  #refuse(over: "messages" | "bytes"): void {
    this.#options.core.counters.limit(over);
    this.#options.core.counters.drop("massive_flood");
    if (++this.#refused > REFUSED_MAX) this.cut();
    else this.#say([status.TOO_MANY_MESSAGES]);
  }

  /** Who reads no answers is given up like any slow client: commands bring no frames that would be judged. */
  #say(statuses: readonly string[]): void {
    if (this.isEnded) return;
    const { counters, slowLimits } = this.#options.core;
    const text = `[${statuses.join(",")}]`;
    this.#socket.send(text);
    counters.sent(1, 0, text.length);
    if (this.buffered() > slowLimits.hardBytes) this.#giveUp();
  }
}
