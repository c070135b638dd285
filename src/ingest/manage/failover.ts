/**
 * When a connection counts as down, and who carries its topics meanwhile. Pure. A loan is stable: it stays where it is as long as its carrier
 * is up, so that neither a second failure nor a recovery moves more than it must.
 */
import type { ConnectionState } from "../upstream/connection_state.ts";
import { splitTopic } from "../wire/subscription_topics.ts";

/** Down after having worked: a blip that is over within this is not worth moving for. */
export const FAILOVER_GRACE_MS = 1_000;
/** Never up yet: connecting may take its time. */
export const FIRST_CONNECT_GRACE_MS = 5_000;

/**
 * Whether it is down. A blip is waited out; a refusal that is known to last is not.
 * @param outMs since when it is not up.
 * @param wasUp whether it has been up before.
 */
export function isDown(state: ConnectionState, outMs: number, wasUp: boolean): boolean {
  if (state.phase === "waiting" && state.refusal.retry !== "backoff") return true;
  // Authenticated and waiting for acks, which have a time limit of their own: its topics are coming.
  if (state.phase === "subscribing") return false;
  const graceMs = wasUp ? FAILOVER_GRACE_MS : FIRST_CONNECT_GRACE_MS;
  return outMs >= graceMs;
}

/** One connection as failover sees it. */
export interface FailoverSeat {
  readonly id: string;
  /** Connections take over from those of the same group (market and feed) only. */
  readonly group: string;
  /** `down` is out and its topics need another carrier; `up` can carry; `returning` has its own back but is not trusted yet. */
  readonly standing: "up" | "returning" | "down";
  /** Topics that are its own. */
  readonly topics: ReadonlySet<string>;
}

/** Home → topic → the connection that carries it meanwhile. */
export type Loans = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The loans that should be, given those that are. With nobody up in a group there are none: nothing can be done. */
export function planLoans(seats: readonly FailoverSeat[], current: Loans): Loans {
  const loans = new Map<string, Map<string, string>>();
  const carried = new Map(seats.map((seat) => [seat.id, seat.topics.size]));
  for (const home of seats) {
    if (home.standing === "up") continue;
    const lent = new Map<string, string>();
    const carriers = seats.filter((seat) => seat.standing === "up" && seat.group === home.group);
    for (const topic of home.topics) {
      if (carriers.some((seat) => seat.topics.has(topic) || seat.topics.has(wildcardOf(topic)))) continue;
      const before = current.get(home.id)?.get(topic);
      const kept = carriers.find((seat) => seat.id === before);
      // One that is coming back takes over from its carriers later, but gives nothing further away.
      if (kept === undefined && home.standing === "returning") continue;
      const carrier = kept ?? fewest(carriers, carried);
      if (carrier === undefined) continue;
      lent.set(topic, carrier.id);
      carried.set(carrier.id, (carried.get(carrier.id) ?? 0) + 1);
    }
    if (lent.size > 0) loans.set(home.id, lent);
  }
  return loans;
}

/** Whether two sets of loans are the same. */
export function isSameLoans(a: Loans, b: Loans): boolean {
  if (a.size !== b.size) return false;
  for (const [home, topics] of a) {
    const others = b.get(home);
    if (others === undefined || others.size !== topics.size) return false;
    for (const [topic, carrier] of topics) if (others.get(topic) !== carrier) return false;
  }
  return true;
}

function fewest(
  carriers: readonly FailoverSeat[],
  carried: ReadonlyMap<string, number>,
): FailoverSeat | undefined {
  let best: FailoverSeat | undefined;
  for (const seat of carriers) {
    if (best === undefined || (carried.get(seat.id) ?? 0) < (carried.get(best.id) ?? 0)) best = seat;
  }
  return best;
}

const wildcardOf = (topic: string): string => `${splitTopic(topic).prefix}.*`;
