/** Keeps the loans of topics of connections that are down: planned when something moved, told in the log, given back in time. */
import type { Log } from "../../feed/log.ts";
import { isUp } from "../upstream/connection_state.ts";
import { type FailoverSeat, isDown, isSameLoans, type Loans, planLoans } from "./failover.ts";
import type { Lane, Placement } from "./placement.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";

/** A connection as the manager watches it. */
export interface LoanSeat {
  readonly lane: Lane;
  readonly connection: UpstreamConnection;
  /** Monotonic ms since when it is not up; undefined while it is. */
  downSince: number | undefined;
  wasUp: boolean;
}

/** See the file's head. */
export class LoanDesk {
  readonly #placement: Placement;
  readonly #log: Log;
  #loans: Loans = new Map();
  #lentOn = "";

  constructor(placement: Placement, log: Log) {
    this.#placement = placement;
    this.#log = log;
  }

  /** Where topics of dead connections ride for now. */
  get loans(): Loans {
    return this.#loans;
  }

  /** Forgets all. */
  clear(): void {
    this.#loans = new Map();
    this.#lentOn = "";
  }

  /** Looks who is down and who is back; the placement's version moves when loans do. `now` is monotonic ms. */
  look(seats: readonly LoanSeat[], now: number): void {
    const standings = seats.map((seat) => ({ seat, standing: this.#standing(seat, now) }));
    // Planning goes through every topic: it is done when something moved, not at every look.
    const basis = `${this.#placement.version} ${standings.map((one) => one.standing).join()}`;
    if (basis === this.#lentOn) return;
    this.#lentOn = basis;
    if (this.#loans.size === 0 && standings.every((one) => one.standing !== "down")) return;
    const loans = planLoans(
      standings.map(({ seat: { lane }, standing }): FailoverSeat => ({
        id: lane.id,
        group: `${lane.market} ${lane.feed}`,
        standing,
        topics: this.#placement.topics(lane.id),
      })),
      this.#loans,
    );
    if (isSameLoans(loans, this.#loans)) return;
    this.#report(seats, loans);
    this.#loans = loans;
    this.#placement.version++;
  }

  #standing({ connection, lane, downSince, wasUp }: LoanSeat, now: number): FailoverSeat["standing"] {
    if (isUp(connection.state)) {
      return this.#loans.has(lane.id) && !connection.isHealthy ? "returning" : "up";
    }
    return isDown(connection.state, now - (downSince ?? now), wasUp) ? "down" : "returning";
  }

  #report(seats: readonly LoanSeat[], loans: Loans): void {
    for (const { lane: { id, name } } of seats) {
      const before = this.#loans.get(id)?.size ?? 0;
      const now = loans.get(id)?.size ?? 0;
      if (before === now) continue;
      const to = [...new Set(loans.get(id)?.values() ?? [])];
      const what = now === 0 ? "home_again" : "moved";
      this.#log.warning("upstream_failover", {
        connection: id,
        name,
        what,
        topics: Math.max(now, before),
        to,
      });
    }
  }
}
