/**
 * Owns the upstream connections: gives each its topics, watches over them, moves topics of dead ones to the others and home
 * again, and tells the data path what could not be received. What an operator asks of it is in `control/`.
 *
 * Every move is made before it is undone: a topic is wanted on its new connection first, and given up on the old one when
 * the new one serves it. Repeats in between are the data path's to drop.
 */
import type { Clock, Random } from "../../feed/clock.ts";
import type { ConnectionHealth } from "../../feed/health.ts";
import type { Log } from "../../feed/log.ts";
import { connectionHealth, lentTickers } from "./connection_health.ts";
import { isUp } from "../upstream/connection_state.ts";
import type { Loans } from "./failover.ts";
import { Lingering } from "./lingering.ts";
import { GapTeller } from "./gap_teller.ts";
import { LoanDesk } from "./loan_desk.ts";
import type { Pipeline } from "../channel/pipeline.ts";
import { type Lane, Placement } from "./placement.ts";
import { decideSlot } from "./slot_rules.ts";
import type { TurnedAwayAnswer } from "../upstream/reconnect_wait.ts";
import { UpstreamConnection } from "../upstream/upstream_connection.ts";
import { type Seat, Seats } from "./seats.ts";
import type { SocketOpener } from "../upstream/upstream_socket.ts";

/** How often standings, loans and outages are looked at; changes of a connection's state are looked at besides, at once. */
export const WATCH_INTERVAL_MS = 250;

/** Where the upstream is and what opens it. */
export interface Upstream {
  readonly realtimeUrl: string;
  readonly businessUrl: string;
  readonly apiKey: string;
}

/** What a manager is made of. */
export interface ConnectionManagerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly open: SocketOpener;
  readonly pipeline: Pipeline;
  readonly upstream: Upstream;
  readonly tickEvents: readonly ("A" | "T")[];
  readonly failoverEnabled: boolean;
}

/** See the file's head. */
export class ConnectionManager {
  readonly placement: Placement;
  readonly #options: ConnectionManagerOptions;
  readonly #seats = new Seats();
  readonly #gaps: GapTeller;
  readonly #lingering = new Lingering();
  readonly #loanDesk: LoanDesk;
  #signal: AbortSignal | undefined;
  #appliedVersion = -1;

  constructor(options: ConnectionManagerOptions) {
    this.#options = options;
    this.placement = new Placement(options.tickEvents);
    this.#loanDesk = new LoanDesk(this.placement, options.log);
    this.#gaps = new GapTeller(options.pipeline, options.clock);
  }

  /** Connections in their order. */
  get connections(): readonly UpstreamConnection[] {
    return this.#seats.all.map((seat) => seat.connection);
  }

  /** Where topics of dead connections ride for now. */
  get loans(): Loans {
    return this.#loanDesk.loans;
  }

  /** Adds a connection; while running, it is opened at once. */
  add(lane: Lane): void {
    const { upstream, ...deps } = this.#options;
    const base = lane.feed === "business" ? upstream.businessUrl : upstream.realtimeUrl;
    const connection = new UpstreamConnection({
      id: lane.id,
      name: lane.name,
      feed: lane.feed,
      market: lane.market,
      url: `${base.replace(/\/+$/, "")}/${lane.market}`,
      apiKey: upstream.apiKey,
    }, {
      ...deps,
      accept: (frame) => deps.pipeline.accept(frame),
      onChange: () => this.#onChange(lane.id),
      onTurnedAway: (_one, ageMs, evictions) => this.#onTurnedAway(lane, ageMs, evictions),
    });
    const downSince = deps.clock.monotonic();
    this.placement.addLane(lane);
    this.#seats.add({
      lane,
      connection,
      downSince,
      wasUp: false,
      stop: undefined,
      done: Promise.resolve(),
    });
    this.#lostAtStart(lane, undefined);
    this.#run(lane.id);
  }

  /** Removes a connection and what is at home on it; resolves when its socket is closed. */
  async remove(id: string): Promise<void> {
    const seat = this.#seats.get(id);
    if (seat === undefined) return;
    this.#seats.delete(id);
    this.placement.removeLane(id);
    this.#lingering.dropConnection(id);
    seat.stop?.abort();
    this.watch();
    await seat.done;
  }

  /** Moves a ticker's home; the old connection keeps its topics until the new one serves them. */
  rehome(frequency: Parameters<Placement["place"]>[0], ticker: string, to: string): void {
    const from = this.placement.home(frequency, ticker);
    const before = from === undefined ? undefined : this.placement.homeTopics(from);
    this.placement.place(frequency, ticker, to);
    if (from === undefined || before === undefined || from === to) return;
    const now = this.placement.homeTopics(from);
    this.#lingering.keep(
      from,
      to,
      [...before].filter((topic) => !now.has(topic)),
      this.#options.clock.monotonic(),
    );
  }

  /** Those of `lanes` that are not out, or all where every one is: what is newly given a home should not begin on a loan. */
  preferred(lanes: readonly Lane[]): readonly Lane[] {
    const there = lanes.filter((lane) => this.#seats.get(lane.id)?.connection.state.phase !== "waiting");
    return there.length > 0 ? there : lanes;
  }

  /** Whether topics still wait on a connection for others to serve them. */
  lingers(id: string): boolean {
    return [...this.#lingering.of(id)].length > 0;
  }

  /**
   * Runs every connection until the signal aborts; then all sockets are closed.
   * @param missedSince Unix ms since when nobody has listened (a takeover); undefined when nothing can have been missed.
   */
  async run(signal: AbortSignal, missedSince: number | undefined): Promise<void> {
    this.#signal = signal;
    this.#loanDesk.clear();
    this.#gaps.clear();
    this.#lingering.clear();
    const now = this.#options.clock.monotonic();
    for (const seat of this.#seats.all) {
      seat.downSince = now;
      seat.wasUp = false;
      this.#lostAtStart(seat.lane, missedSince);
    }
    this.#apply();
    using _watch = this.#options.clock.interval(WATCH_INTERVAL_MS, () => this.watch());
    for (const { lane } of this.#seats.all) this.#run(lane.id);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.all(this.#seats.all.map((seat) => seat.done));
    this.#signal = undefined;
  }

  /** What operators see of each connection. */
  health(): ConnectionHealth[] {
    const lent = lentTickers(this.loans, this.placement);
    return this.#seats.all.map(({ lane, connection }) =>
      connectionHealth(lane, connection, this.placement, lent, this.#options.clock)
    );
  }

  /** Looks at everything once: what is down, who carries it, what is over. Called at an interval and after every change. */
  watch(): void {
    for (const seat of this.#seats.all) this.#watchSeat(seat);
    if (this.#options.failoverEnabled) {
      this.#loanDesk.look(this.#seats.all, this.#options.clock.monotonic());
    }
    if (
      this.#lingering.expire(
        (id, topic) => this.#seats.isAnswered(id, topic),
        this.#options.clock.monotonic(),
      )
    ) {
      this.placement.version++;
    }
    this.#apply();
    this.#gaps.settle((topic, market) => this.#seats.isServed(topic, market));
  }

  #run(id: string): void {
    const seat = this.#seats.get(id);
    if (seat === undefined || this.#signal === undefined || this.#signal.aborted) return;
    const stop = seat.stop = new AbortController();
    seat.done = seat.connection.run(AbortSignal.any([this.#signal, stop.signal]));
  }

  /** Before the first subscription nothing comes; only after a takeover can something have been missed. */
  #lostAtStart(lane: Lane, missedSince: number | undefined): void {
    this.#gaps.lost(lane.id, lane.market, this.placement.topics(lane.id), missedSince);
  }

  #onChange(id: string): void {
    if (this.#signal === undefined || !this.#seats.has(id)) return;
    this.watch();
  }

  #onTurnedAway(lane: Lane, ageMs: number, evictions: number): TurnedAwayAnswer {
    const order = this.#seats.orderOf(lane.id);
    const decision = decideSlot({ id: lane.id, order, ageMs, evictions }, this.#seats.holdersBeside(lane));
    if (decision.do !== "displace") return decision.do;
    this.#seats.get(decision.id)?.connection.giveWay();
    return "soon";
  }

  #watchSeat(seat: Seat): void {
    const { connection, lane } = seat;
    if (isUp(connection.state)) {
      seat.downSince = undefined;
      seat.wasUp = true;
      return;
    }
    if (seat.downSince !== undefined) return;
    seat.downSince = this.#options.clock.monotonic();
    const lost = [...connection.topics].filter((topic) => !this.#seats.isHeld(topic, lane.market));
    this.#gaps.lost(lane.id, lane.market, lost, connection.lastSignOfLife);
  }

  #apply(): void {
    if (this.#appliedVersion === this.placement.version) return;
    this.#appliedVersion = this.placement.version;
    for (const { lane, connection } of this.#seats.all) {
      const topics = new Set(this.placement.topics(lane.id));
      for (const lent of this.loans.values()) {
        for (const [topic, carrier] of lent) if (carrier === lane.id) topics.add(topic);
      }
      for (const topic of this.#lingering.of(lane.id)) topics.add(topic);
      connection.want(topics);
    }
  }
}
