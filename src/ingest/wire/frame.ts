/**
 * What crosses from the sockets to the data path: one text frame with the connection it came on, and the status elements
 * that go back to that connection.
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
