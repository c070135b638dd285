/** Why a connection ended and what follows from it: the close-code ranges and HTTP statuses of `docs/protocol.md`. */
import { serverWaitMs } from "./backoff.ts";

/** What the client says when something goes wrong, in words a person can act on. */
export interface ClientError {
  /** One of the server's codes, or the client's own: `BAD_MESSAGE`, `NETWORK`, `STALLED`, `GAVE_UP`, `TOKEN`, `BLOCKED`. */
  readonly code: string;
  readonly message: string;
  /** The `id` of the request it answers, when it answers one. */
  readonly id?: string;
  /** The client has stopped; only `connect()` starts it again. */
  readonly fatal: boolean;
}

/**
 * The end of one connection. `retry` comes back after a wait; `token` comes back with a new token; `fallback` goes on at
 * once with the next transport; `fatal` stops.
 */
export interface Down {
  readonly then: "retry" | "token" | "fallback" | "fatal";
  readonly code: string;
  readonly message: string;
  /** What the server asked us to wait. */
  readonly afterMs?: number | undefined;
}

const STANDARD_FATAL = new Set([1002, 1003, 1007, 1008, 1009]);

const CLOSE_NAMES: Readonly<Record<number, readonly [code: string, message: string]>> = {
  1009: ["TOO_LARGE", "A message was too large"],
  4001: ["SLOW_CONSUMER", "This client could not keep up"],
  4002: ["DRAINING", "The server is going away"],
  4003: ["RATE_LIMITED", "Too much was sent"],
  4004: ["AUTH_EXPIRED", "The token has expired"],
  4501: ["UNAUTHORIZED", "The server refused the token"],
  4502: ["FORBIDDEN", "The token does not allow this"],
  4503: ["BAD_REQUEST", "The server refused the request"],
  4504: ["TOO_LARGE", "The request was too large: ask for fewer symbols"],
};

/** What a WebSocket close code means for us. */
export function closeDown(code: number, reason: string): Down {
  const [name, text] = CLOSE_NAMES[code] ?? ["NETWORK", `The connection was closed (${code})`];
  const message = reason ? `${text}: ${reason}` : text;
  const fatal = STANDARD_FATAL.has(code) || (code >= 4500 && code <= 4999);
  return { then: code === 4004 ? "token" : fatal ? "fatal" : "retry", code: name, message };
}

const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined;

/** What a refused HTTP answer means for us; `route` is named in the message. */
export async function httpDown(response: Response, route: string): Promise<Down> {
  const { status } = response;
  const body: unknown = await response.json().catch(() => undefined);
  // The server's own words, when it gave any.
  const said = Object(Object(body).error ?? body);
  const then = status === 401
    ? "token"
    : status === 408 || status === 429 || status >= 500
    ? "retry"
    : status === 404 || status === 405
    ? "fallback"
    : "fatal";
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return {
    then,
    code: text(said.code) ?? `HTTP_${status}`,
    message: text(said.message) ?? `${route} answered ${status}`,
    afterMs: serverWaitMs(seconds * 1000),
  };
}

/** A connection that could not be made or broke without a word. */
export const networkDown = (route: string): Down => ({
  then: "retry",
  code: "NETWORK",
  message: `Cannot reach ${route}: check the address and the network`,
});

/** An answer that was to go on and ended. */
export const endedDown = (route: string): Down => ({
  then: "retry",
  code: "NETWORK",
  message: `${route} ended`,
});
