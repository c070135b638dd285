/** All sessions of an instance: who may join, the housekeeping they share, and the drain. */
import { describeError } from "../../feed/error.ts";
import { checkClientRoom } from "../admit/client_room.ts";
import type { EdgeCore } from "../edge_core.ts";
import { PLAN_IDLE_MS } from "../pull/plan_reader.ts";
import * as say from "./server_messages.ts";
import type { Session } from "./session.ts";
import type { ClientFacts } from "../report/stats_report.ts";
import { patternList } from "../../feed/symbol.ts";

/** Sessions are looked after this often, while there are any. */
const ROUND_MS = 250;
/** A client whose cursor moved without an event for it is told within two seconds: a round and a little less than that. */
const SILENT_MAX_MS = 1_500;
/** Snapshots on their way are handed on this often. */
const PUMP_MS = 10;

/** See the file comment. */
export class SessionHub implements ClientFacts, Disposable {
  readonly #core: EdgeCore;
  readonly #sessions = new Set<Session>();
  #round: Disposable | undefined;
  #pump: Disposable | undefined;
  readonly #hellos = new WeakMap<readonly string[], say.ServerMessage>();
  readonly #helloToAll: say.ServerMessage;
  #isDraining = false;

  constructor(core: EdgeCore) {
    this.#core = core;
    this.#helloToAll = say.hello([...core.feeds.streams.keys()], core.edgeId);
  }

  get size(): number {
    return this.#sessions.size;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  sessions(): Iterable<Session> {
    return this.#sessions;
  }

  /** Refuses when the instance drains or is full. @throws {TickcastError} DRAINING, OVERLOADED */
  checkRoom(): void {
    checkClientRoom(this.#core, this.#isDraining);
  }

  /** The greeting for a URL that names these streams; clients that share the URL's reading share it. */
  helloFor(streams: readonly string[] | undefined): say.ServerMessage {
    if (streams === undefined) return this.#helloToAll;
    const known = this.#hellos.get(streams);
    if (known !== undefined) return known;
    const made = say.hello(streams, this.#core.edgeId);
    this.#hellos.set(streams, made);
    return made;
  }

  join(session: Session): void {
    const { counters, clock, log } = this.#core;
    const { transport } = session.sink;
    this.#sessions.add(session);
    counters.active[transport]++;
    counters.accepted[transport]++;
    this.#round ??= clock.interval(ROUND_MS, () => this.#tendAll());
    log.info("ws_connect", { client: session.id, transport, active_connections: this.#sessions.size });
  }

  leave(session: Session): void {
    if (!this.#sessions.delete(session)) return;
    const { counters, clock, log } = this.#core;
    const { transport } = session.sink;
    counters.active[transport]--;
    if (this.#sessions.size === 0) this.#rest();
    const seconds = Math.round((clock.monotonic() - session.openedMs) / 1000);
    log.info("ws_disconnect", {
      client: session.id,
      transport,
      seconds,
      active_connections: this.#sessions.size,
    });
  }

  /** A session has a snapshot on its way: it is handed on until it is gone. One that is owed waits for a round. */
  pumpSoon(): void {
    this.#pump ??= this.#core.clock.interval(PUMP_MS, () => this.#pumpAll());
  }

  /** Tells everybody to come back elsewhere, each after a wait of its own; nobody new is let in any more. */
  announceDrain(waitMs: () => number): void {
    this.#isDraining = true;
    for (const session of this.#sessions) {
      session.isDraining = true;
      session.say(say.reconnect(waitMs(), session.cursor()));
    }
  }

  closeAll(code: number, reason: string, waitMs: () => number): void {
    for (const session of [...this.#sessions]) session.close(code, reason, waitMs());
  }

  subscriptionsBySymbol(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const session of this.#sessions) {
      const symbols = new Set<string>();
      for (const patterns of session.patterns()) {
        for (const symbol of patternList(patterns)) symbols.add(symbol);
      }
      for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    }
    return counts;
  }

  clientsByTier(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { principal } of this.#sessions) {
      const tier = principal?.tier ?? "unknown";
      counts.set(tier, (counts.get(tier) ?? 0) + 1);
    }
    return counts;
  }

  [Symbol.dispose](): void {
    this.#rest();
  }

  #rest(): void {
    this.#round?.[Symbol.dispose]();
    this.#pump?.[Symbol.dispose]();
    this.#round = this.#pump = undefined;
  }

  #tendAll(): void {
    const nowMs = this.#core.clock.monotonic();
    const now = this.#core.clock.now();
    void this.#core.plan.ensure(PLAN_IDLE_MS);
    for (const session of this.#sessions) {
      try {
        this.#tend(session, nowMs, now);
      } catch (error) {
        // One that can't be looked after must not keep those behind it from it.
        this.#core.log.error("ws_error", { client: session.id, error: describeError(error) });
        session.close(1011, "internal error");
      }
    }
  }

  #tend(session: Session, nowMs: number, now: number): void {
    if (session.principal === undefined) {
      if (nowMs - session.openedMs >= this.#core.settings.authTimeoutMs) this.#endUnknown(session);
    } else if ((session.principal.expiresAtMs ?? Infinity) <= now) this.#expire(session);
    if (!session.isClosed) session.tend(nowMs, SILENT_MAX_MS);
    if (session.givesSnapshot) this.pumpSoon();
  }

  #endUnknown(session: Session): void {
    this.#core.counters.limit("auth_time");
    session.close(4501, "not authenticated in time");
  }

  #expire(session: Session): void {
    session.say(
      say.fault("AUTH_EXPIRED", "Cannot go on as the token has expired: come back with a new one", undefined),
    );
    session.close(4004, "token expired");
  }

  #pumpAll(): void {
    const nowMs = this.#core.clock.monotonic();
    let isPending = false;
    for (const session of this.#sessions) {
      if (!session.awaitsSnapshot) continue;
      session.snapshots.pump(nowMs);
      isPending ||= session.givesSnapshot;
    }
    if (isPending) return;
    this.#pump?.[Symbol.dispose]();
    this.#pump = undefined;
  }
}
