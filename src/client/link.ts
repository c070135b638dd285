/** One connection over one transport, as the rest of the client sees it. */
import type { Down } from "./failure.ts";
import type { ServerMessage } from "./message.ts";
import type { Platform } from "./platform.ts";
import type { Wants } from "./wants.ts";

/** The ways a server can be reached, best first. */
export const TRANSPORTS = ["websocket", "sse", "poll"] as const;
/** One of {@link TRANSPORTS}. */
export type Transport = (typeof TRANSPORTS)[number];

/** What a link is opened with. */
export interface LinkContext {
  readonly platform: Platform;
  /** Server address with path prefix, `http(s)`, no slash at the end. */
  readonly base: string;
  readonly token: string | undefined;
  readonly wants: () => Wants;
  /** Cursor of the given streams, or of all; empty when they start now. */
  readonly cursorOf: (streams?: string[]) => string;
  /** Between two polls that brought nothing, where polls can't wait. */
  readonly pollIntervalMs: number;
}

/** What a link tells. After `onDown` it tells nothing more. */
export interface LinkHandlers {
  /** A message; the first is `hello`, and only then the link is good. */
  onMessage(message: ServerMessage): void;
  /** Something arrived that could not be read. */
  onGarbage(): void;
  onDown(down: Down): void;
}

/** An open (or opening) connection. */
export interface Link {
  /** The wants have changed. */
  update(): void;
  /** Asks for a sign of life; transports that can't be asked ignore it. */
  ping(): void;
  /** Gives a fresh token to a connection that lives on; false when it takes none. */
  authenticate(token: string): boolean;
  /** Ends it without `onDown`. */
  close(): void;
}

/** Opens a link; never throws. */
export type OpenLink = (context: LinkContext, handlers: LinkHandlers) => Link;

/** Query string of a want for SSE and polling, without `streams` and `cursor`. */
export function wantQuery(
  want: {
    symbols: readonly string[];
    mode: string;
    maxHz: number | undefined;
    fields: readonly string[] | undefined;
  },
): URLSearchParams {
  const query = new URLSearchParams();
  const symbols = want.symbols.join(",");
  // Past this a request line meets proxies' limits: take everything and pick here.
  query.set("symbols", symbols.length > QUERY_SYMBOLS_MAX_CHARS ? "*" : symbols);
  if (want.mode !== "all") query.set("mode", want.mode);
  if (want.maxHz !== undefined) query.set("max_hz", String(want.maxHz));
  if (want.fields) query.set("fields", want.fields.join(","));
  return query;
}

/** Longest list of symbols put into a URL. */
export const QUERY_SYMBOLS_MAX_CHARS = 4000;

/** Headers of an HTTP request. */
export const headersOf = (context: LinkContext, accept: string): Record<string, string> => ({
  accept,
  ...(context.token && { authorization: `Bearer ${context.token}` }),
});
