/**
 * What to do when the account's quota turned one of our connections away. It may have been one of our own that took the slot:
 * more connections are configured than the account allows. Then the first in order stay and the last give way for long, instead
 * of evicting each other for ever. Pure.
 */

/** Massive turns somebody away within a second or two of a handshake: so long after one it may be the reason. */
export const OWN_DOING_MS = 10_000;

/** A connection of the same market, whatever its host: the quota counts them together. */
export interface SlotHolder {
  readonly id: string;
  /** Place among the connections: the first is the most important. */
  readonly order: number;
  /** Since its key was accepted. */
  readonly ageMs: number;
}

/** The one turned away. */
export interface TurnedAway extends SlotHolder {
  /** How often in a row before. */
  readonly evictions: number;
}

/** Rest and try again; give way for long; or have another of ours give way, and take its slot. */
export type SlotDecision =
  | { readonly do: "rest" }
  | { readonly do: "give_way" }
  | { readonly do: "displace"; readonly id: string };

/** Decides. `holders` are the others that are in. */
export function decideSlot(me: TurnedAway, holders: readonly SlotHolder[]): SlotDecision {
  const youngest = holders.toSorted((a, b) => a.ageMs - b.ageMs)[0];
  if (youngest === undefined) return { do: "rest" };
  // The oldest is evicted when a newcomer comes: was the newcomer one of us?
  if (youngest.ageMs < OWN_DOING_MS) return against(me, youngest);
  // The newcomer is refused: once may be a slot not yet released, or somebody else's; again with our own ones in is not.
  const last = holders.toSorted((a, b) => b.order - a.order)[0];
  if (me.ageMs < OWN_DOING_MS && me.evictions > 0 && last !== undefined) return against(me, last);
  return { do: "rest" };
}

const against = (me: SlotHolder, other: SlotHolder): SlotDecision =>
  other.order > me.order ? { do: "displace", id: other.id } : { do: "give_way" };
