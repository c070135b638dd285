/** Where a request carries its token: a header, a subprotocol beside the real one, a cookie; never its URL. */
import { TickcastError } from "../../feed/error.ts";
import { bearerToken } from "../admin/admin_guard.ts";

/** The cookie an event stream comes back with after its ticket. */
export const TOKEN_COOKIE = "tickcast_token";
/** What a token is offered behind in `Sec-WebSocket-Protocol`. */
export const BEARER_PREFIX = "bearer.";
/** Subprotocols looked at. */
const PROTOCOLS_MAX = 32;
const COOKIE_HEADER_MAX_CHARS = 16_384;

/** Names people put secrets under in URLs, where they end up in logs, histories and referrers. */
const TOKEN_PARAMETERS = [
  "token",
  "access_token",
  "auth",
  "authorization",
  "jwt",
  "bearer",
  "api_key",
  "apikey",
];

/**
 * Refuses a URL that carries a secret.
 * @throws {TickcastError} UNAUTHORIZED
 */
export function refuseTokenInUrl(url: URL): void {
  if (TOKEN_PARAMETERS.some((name) => url.searchParams.has(name))) {
    throw new TickcastError(
      "UNAUTHORIZED",
      "Cannot take a token from a URL as URLs end up in logs: send it as a header, a subprotocol or a message",
    );
  }
}

/**
 * The token offered as `bearer.<token>` beside `tickcast.v1`; undefined when none is. @throws {TickcastError} on
 * several
 */
export function protocolToken(request: Request): string | undefined {
  const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(",", PROTOCOLS_MAX)
    .map((one) => one.trim()).filter((one) => one.startsWith(BEARER_PREFIX));
  if (offered.length > 1) throw severalTokens();
  return offered[0]?.slice(BEARER_PREFIX.length);
}

/** The token in our cookie; undefined when there is none. */
export function cookieToken(request: Request): string | undefined {
  const header = request.headers.get("cookie") ?? "";
  if (header.length > COOKIE_HEADER_MAX_CHARS) return undefined;
  for (const part of header.split(";")) {
    const equals = part.indexOf("=");
    if (equals > 0 && part.slice(0, equals).trim() === TOKEN_COOKIE) return part.slice(equals + 1).trim();
  }
  return undefined;
}

/** The token of an upgrade: header or subprotocol. Cookies don't count, for pages of others send them too. */
export function socketToken(request: Request): string | undefined {
  const [header, protocol] = [bearerToken(request), protocolToken(request)];
  if (header !== undefined && protocol !== undefined && header !== protocol) throw severalTokens();
  return header ?? protocol;
}

/** The token of a plain request: header before cookie. */
export const plainToken = (request: Request): string | undefined =>
  bearerToken(request) ?? cookieToken(request);

const severalTokens = () => new TickcastError("UNAUTHORIZED", "Cannot take a token as several are offered");
