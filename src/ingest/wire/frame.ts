/**
 * What crosses between the sockets and the data path: one text frame with the connection it came on, and back to that
 * connection what became of it, with its status elements.
 */
import type { Market } from "../../feed/wire_fields.ts";

/** The two kinds of upstream host: FMV rides on the business feed. */
export type UpstreamFeed = "realtime" | "business";

/** One text frame as it left the socket. */
export interface UpstreamFrame {
  /** Id of the connection: dedupe tells a repeat on one connection from the same event on two. */
  readonly connection: string;
  readonly market: Market;
  readonly feed: UpstreamFeed;
  readonly text: string;
  /** When it was received, Unix ms. */
  readonly rx: number;
}

/** A status element of a frame; texts are cut to {@link STATUS_TEXT_MAX_CHARS}. */
export interface StatusMessage {
  /** `connected`, `auth_success`, `max_connections` … Match on this, never on the message. */
  readonly status: string;
  /** Empty when the wire had none. */
  readonly message: string;
}

/** Longest status text kept, in characters. */
export const STATUS_TEXT_MAX_CHARS = 512;

/** What became of one frame. */
export interface FrameOutcome {
  readonly statuses: readonly StatusMessage[];
  /** Events that were good. */
  readonly events: number;
  /** When the newest of them could first have been sent, Unix ms: a bar's end, the time of anything else. */
  readonly latestEventT: number | null;
}
