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
  1009: ["TOO_LARGE", "The connection was closed as a message was too large"],
  4001: ["SLOW_CONSUMER", "The server closed the connection as this client could not keep up"],
  4002: ["DRAINING", "The server is going away"],
  4003: ["RATE_LIMITED", "The server closed the connection as too much was sent to it"],
  4004: ["AUTH_EXPIRED", "The token has expired"],
  4501: ["UNAUTHORIZED", "The server refused the token: check that it is valid and for this server"],
  4502: ["FORBIDDEN", "The token does not allow this: ask for one with access to these streams and symbols"],
  4503: ["BAD_REQUEST", "The server could not accept the request"],
  4504: ["TOO_LARGE", "The server refused a request as too large: ask for fewer symbols at a time"],
};

/** What a WebSocket close code means for us. */
export function closeDown(code: number, reason: string): Down {
  const [name, text] = CLOSE_NAMES[code] ?? ["NETWORK", `The connection was closed (${code})`];
  const message = reason ? `${text}: ${reason}` : text;
  const fatal = STANDARD_FATAL.has(code) || (code >= 4500 && code <= 4999);
  return { then: code === 4004 ? "token" : fatal ? "fatal" : "retry", code: name, message };
}

/** The server's own words in a refused answer, when it gave any. */
export async function refusal(response: Response): Promise<{ code?: string; message?: string }> {
  try {
    const body: unknown = await response.json();
    const inner = (body as { error?: unknown })?.error ?? body;
    const { code, message } = inner as { code?: unknown; message?: unknown };
    return {
      ...(typeof code === "string" && { code }),
      ...(typeof message === "string" && { message }),
    };
  } catch {
    return {};
  }
}

/** What a refused HTTP answer means for us; `route` is named in the message. */
export async function httpDown(response: Response, route: string): Promise<Down> {
  const { status } = response;
  const said = await refusal(response);
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
    code: said.code ?? (status === 401 ? "UNAUTHORIZED" : status === 403 ? "FORBIDDEN" : `HTTP_${status}`),
    message: said.message ?? `${route} answered ${status}`,
    afterMs: serverWaitMs(seconds * 1000),
  };
}

/** A connection that could not be made or broke without a word. */
export const networkDown = (route: string): Down => ({
  then: "retry",
  code: "NETWORK",
  message: `Cannot reach ${route}: check the address and the network`,
});
