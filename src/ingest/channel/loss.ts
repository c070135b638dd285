/** What was lost on the way through a channel, and how neighbouring losses are told as one. */
import type { FeedEvent } from "../../feed/event.ts";

/** A loss to be told in the stream. */
export interface GapToTell {
  /** How many events, or null when nobody can know. */
  readonly lost: number | null;
  readonly cause: "overflow" | "upstream";
  /** Unix ms. */
  readonly from: number;
  readonly to: number;
}

/** The loss of one event. */
export const lossOf = (event: FeedEvent): GapToTell => ({
  lost: 1,
  cause: "overflow",
  from: event.t,
  to: event.t,
});

/** Whether two neighbouring losses may be told as one: a counted one would lose its number in an uncounted one. */
export const areAlike = (a: GapToTell, b: GapToTell): boolean => (a.lost === null) === (b.lost === null);

/** Two neighbouring losses as one: a number that nobody knows stays unknown, and an upstream's fault is said first. */
export const mergeGaps = (a: GapToTell, b: GapToTell): GapToTell => ({
  lost: a.lost === null || b.lost === null ? null : a.lost + b.lost,
  cause: a.cause === b.cause ? a.cause : "upstream",
  from: Math.min(a.from, b.from),
  to: Math.max(a.to, b.to),
});
