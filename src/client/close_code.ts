/** What a WebSocket close code means: the ranges of `docs/protocol.md`. */
import type { Down } from "./failure.ts";

const STANDARD_FATAL = new Set([1002, 1003, 1007, 1008, 1009]);

const CLOSE_NAMES: Readonly<Record<number, readonly [code: string, message: string]>> = {
  1009: ["TOO_LARGE", "A message was too large"],
  4001: ["SLOW_CONSUMER", "This client could not keep up: ask for less"],
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
  const isFatal = STANDARD_FATAL.has(code) || (code >= 4500 && code <= 4999);
  const [name, text] = CLOSE_NAMES[code] ??
    [isFatal ? "REFUSED" : "NETWORK", `The connection was closed (${code})`];
  return {
    then: code === 4004 ? "token" : isFatal ? "fatal" : "retry",
    code: name,
    message: reason ? `${text}: ${reason}` : text,
  };
}
