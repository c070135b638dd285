/**
 * CORS for the HTTP side, strict: only origins in ALLOWED_ORIGINS get any header, each its own name and never a star,
 * and preflights are answered for what the routes need. Not for WebSocket routes: answers to upgrades can't be
 * changed on every runtime.
 */
import type { MiddlewareHandler } from "hono";
import { originOf } from "./origin_check.ts";

/** How long a browser may remember a preflight's answer. */
export const PREFLIGHT_MAX_AGE_S = 600;
const METHODS = "GET, HEAD, POST";
const REQUEST_HEADERS = "authorization, content-type, if-none-match, last-event-id";
const EXPOSED = "etag, retry-after";

/** CORS headers for an origin that is on the list; none for any other. `Vary` stands either way, for caches. */
export function corsHeaders(
  origin: string | undefined,
  allowed: readonly string[] | undefined,
): Readonly<Record<string, string>> {
  if (allowed === undefined) return {};
  if (origin === undefined || !allowed.includes(origin)) return { vary: "Origin" };
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": EXPOSED,
  };
}

/** What a preflight is granted beside {@link corsHeaders}. */
const GRANTS: Readonly<Record<string, string>> = {
  "access-control-allow-methods": METHODS,
  "access-control-allow-headers": REQUEST_HEADERS,
  "access-control-max-age": String(PREFLIGHT_MAX_AGE_S),
};

/** Answers preflights and marks answers. Mount it on HTTP routes alone. */
export const cors = (allowed: readonly string[] | undefined): MiddlewareHandler => async (c, next) => {
  const headers = corsHeaders(originOf(c.req.raw), allowed);
  if (c.req.method === "OPTIONS") {
    const isGranted = "access-control-allow-origin" in headers;
    return new Response(null, { status: 204, headers: { ...headers, ...isGranted ? GRANTS : {} } });
  }
  await next();
  for (const [name, value] of Object.entries(headers)) {
    if (name === "vary") c.res.headers.append(name, value);
    else c.res.headers.set(name, value);
  }
  return undefined;
};
