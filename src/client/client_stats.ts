/** What a client has counted. */

/** Counts since the client was made. */
export interface ClientStats {
  /** Events handed on. */
  events: number;
  /** Events seen before, or out of order: dropped. */
  repeats: number;
  /** Messages or events that could not be read: dropped. */
  garbage: number;
  /** Gaps told. */
  gaps: number;
  /** Round trip of the last ping, ms. */
  roundTripMs: number | undefined;
}
