/** The connections there are, in their order, and what can be asked of all of them together. */
import type { Market } from "../../feed/wire_fields.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";
import type { LoanSeat } from "./loan_desk.ts";
import type { Lane } from "./placement.ts";
import type { SlotHolder } from "./slot_rules.ts";

/** A connection with its run. */
export interface Seat extends LoanSeat {
  /** Ends its run; undefined before there is one. */
  stop: AbortController | undefined;
  /** Resolves when its socket is closed. */
  done: Promise<void>;
}

/** See the file's head. */
export class Seats {
  readonly #seats = new Map<string, Seat>();

  /** In their order: the first is the most important. */
  get all(): readonly Seat[] {
    return [...this.#seats.values()];
  }

  get(id: string): Seat | undefined {
    return this.#seats.get(id);
  }

  has(id: string): boolean {
    return this.#seats.has(id);
  }

  add(seat: Seat): void {
    this.#seats.set(seat.lane.id, seat);
  }

  delete(id: string): void {
    this.#seats.delete(id);
  }

  /** Its place in the order, from 0. */
  orderOf(id: string): number {
    return [...this.#seats.keys()].indexOf(id);
  }

  /** The others of its market that are in: the quota counts them together, whatever their host. */
  holdersBeside({ id: mine, market }: Lane): readonly SlotHolder[] {
    return this.all.flatMap(({ lane, connection: { ageMs } }, order) =>
      lane.market === market && lane.id !== mine && ageMs !== undefined ? [{ id: lane.id, order, ageMs }] : []
    );
  }

  /** Whether some connection serves the topic now. */
  isHeld(topic: string, market: Market): boolean {
    for (const { lane, connection } of this.#seats.values()) {
      if (lane.market === market && isUpOrSubscribing(connection) && connection.holds(topic)) return true;
    }
    return false;
  }

  /** Served somewhere, refused for good by the one it is at home on, or wanted nowhere. */
  isServed(topic: string, market: Market): boolean {
    let isWanted = false;
    for (const { lane, connection } of this.#seats.values()) {
      if (lane.market !== market || !connection.topics.has(topic)) continue;
      isWanted = true;
      if (connection.isAnswered(topic)) return true;
    }
    return !isWanted || this.isHeld(topic, market);
  }

  /** Whether nothing more is expected about the topic on that connection. */
  isAnswered(id: string, topic: string): boolean {
    return this.#seats.get(id)?.connection.isAnswered(topic) ?? true;
  }
}

const isUpOrSubscribing = (connection: UpstreamConnection): boolean =>
  connection.state.phase === "streaming" || connection.state.phase === "subscribing";
