/** What a connection needs and what it tells, the same for every transport. */
import type { Cursor } from "../../feed/cursor.ts";
import type { MessageReader, ReadMessage } from "./read_message.ts";
import type { Clock } from "../../feed/clock.ts";

/** One connection of one client. */
export interface LoadLink {
  readonly url: string;
  readonly streams: readonly string[];
  /** Undefined: all. */
  readonly symbols: readonly string[] | undefined;
  /** Where to resume; empty: now. */
  readonly cursor: string;
  readonly token: string | undefined;
  /** Reads only now and then. */
  readonly isSlow: boolean;
  readonly clock: Clock;
  readonly reader: MessageReader;
  /** The first message, whatever it says; `cursor` where the transport carries it apart. */
  take(message: ReadMessage, cursor?: Cursor): void;
  /** The server let us in. */
  opened(): void;
}

/**
 * Listens until the server ends it (resolves), the signal aborts (resolves), or it can't be had (rejects, with an error whose
 * message is short and the same for the same cause).
 */
export type Listen = (link: LoadLink, signal: AbortSignal) => Promise<void>;

/** A slow client reads for so long, then not at all for so long. */
export const SLOW_READS_MS = 300;
export const SLOW_STALLS_MS = 4_000;

/** `*` or names, as the query and the subscribe message have them. */
export const symbolsOf = (link: LoadLink): readonly string[] => link.symbols ?? ["*"];

/** Headers of a request. */
export const headersOf = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };
