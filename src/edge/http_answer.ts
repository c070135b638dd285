/** How the delivery routes answer over HTTP: JSON, errors as codes from the one table, caching said plainly. */
import { publicError, TickcastError } from "../feed/error.ts";
import type { EdgeSettings } from "../feed/settings/settings.ts";

const JSON_TYPE = "application/json; charset=utf-8";

/** Seconds a refused client is asked to wait. */
export const RETRY_AFTER_S = 5;

/** An error as its status, code and message; nothing of an error that is not ours. */
export function answerFault(error: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  const known = error instanceof TickcastError;
  const status = known ? error.status : 500;
  const retry: Record<string, string> = known && error.shouldRetry && (status === 503 || status === 429)
    ? { "retry-after": String(RETRY_AFTER_S) }
    : {};
  return new Response(JSON.stringify({ error: publicError(error) }), {
    status,
    headers: { "content-type": JSON_TYPE, "cache-control": "no-store", ...retry, ...headers },
  });
}

/** With tokens the same URL is answered by who asks: for caches, the headers that say so (`auth_request.ts` reads them). */
export const varyByToken = (authMode: EdgeSettings["authMode"]): Readonly<Record<string, string>> =>
  authMode === "none" ? {} : { vary: "Authorization, Cookie" };

/** JSON text, or 304 when the client has it already. */
export function answerText(
  request: Request,
  text: string,
  etag: string,
  cacheControl: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const all = { "content-type": JSON_TYPE, "cache-control": cacheControl, etag, ...headers };
  const known =
    request.headers.get("if-none-match")?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  if (known.includes(etag)) return new Response(null, { status: 304, headers: all });
  return new Response(text, { headers: all });
}

/** A short tag for a long text (FNV-1a, 32 bits twice): the same question and range give the same tag. */
export function tagOf(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let n = 0; n < text.length; n++) {
    const code = text.charCodeAt(n);
    a = Math.imul(a ^ code, 0x01000193) >>> 0;
    b = Math.imul(b ^ code, 0x85ebca6b) >>> 0;
  }
  return `${a.toString(36)}${b.toString(36)}`;
}
