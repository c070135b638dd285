/** What an HTTP answer that is not the one hoped for means for us: refusals, and whatever else stands at an address. */
import { serverWaitMs } from "./backoff.ts";
import { type Down, networkDown } from "./failure.ts";
import { MESSAGE_MAX_CHARS, text } from "./message.ts";

/** The server's own codes for a request that is wrong in itself: nothing else suffers from it. */
const OWN = new Set([
  "BAD_REQUEST",
  "BAD_SYMBOL",
  "UNKNOWN_SYMBOL",
  "UNKNOWN_STREAM",
  "TOO_MANY_SYMBOLS",
  "TOO_LARGE",
  "FORBIDDEN",
]);

/**
 * Whether what was asked is at fault, not the connection: the same question would get the same answer anywhere. One that is
 * `FORBIDDEN` may be so for all there is to ask.
 */
export const isOwnFault = ({ code }: Down): boolean => OWN.has(code);

function nextOf(status: number): Down["then"] {
  if (status === 401) return "token";
  // A page where an answer should be: somebody else's server, or a portal that wants a login first.
  if (status < 400 || status === 408 || status === 429 || status >= 500) return "retry";
  return status === 404 || status === 405 ? "fallback" : "fatal";
}

/** Seconds or a date (RFC 9110 §10.2.3) as ms from now. */
function retryAfterMs(value: string | null, nowMs: number): number | undefined {
  if (!value) return undefined;
  const seconds = Number(value);
  return serverWaitMs(Number.isNaN(seconds) ? Date.parse(value) - nowMs : seconds * 1000);
}

function withoutWords({ status, redirected, url, headers }: Response, route: string): string {
  if (redirected) return `${route} leads on to ${url.split("?", 1)[0]}: give that server's address`;
  const type = headers.get("content-type")?.split(";", 1)[0];
  return `${route} answered ${status}${type ? ` (${type})` : ""}: ` +
    (status < 500 ? "is this the address of a tickcast server?" : "it or a proxy before it is in trouble");
}

/**
 * An answer's JSON; undefined when it is none, or more than a message may hold. Rejects when the connection breaks.
 */
export async function readJson(response: Response): Promise<unknown> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let json = "";
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    json += part.value;
    if (json.length > MESSAGE_MAX_CHARS) {
      void reader?.cancel().catch(() => {});
      return undefined;
    }
  }
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** What an answer other than the one asked for means; `route` is named in the message. Never throws. */
export async function httpDown(response: Response, route: string, nowMs: number): Promise<Down> {
  const { status } = response;
  // A page that never ends must not be read to its end.
  if (response.ok) void response.body?.cancel().catch(() => {});
  const body: unknown = response.ok ? undefined : await readJson(response).catch(() => undefined);
  // The server's own words, when it gave any.
  const said = Object(Object(body).error ?? body);
  return {
    then: nextOf(status),
    code: text(said.code) ?? `HTTP_${status}`,
    message: text(said.message) ?? withoutWords(response, route),
    afterMs: retryAfterMs(response.headers.get("retry-after"), nowMs),
  };
}

/** No answer at all. A browser says no more where a server lets a page of another origin in neither. */
export function unreachable(route: string, origin: string | undefined = globalThis.location?.origin): Down {
  const down = networkDown(route);
  return !origin || route.startsWith(`${origin}/`)
    ? down
    : { ...down, message: `${down.message}, and whether it lets pages of ${origin} in (ALLOWED_ORIGINS)` };
}
