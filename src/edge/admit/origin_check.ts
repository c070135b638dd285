/**
 * Which pages may connect. CORS does not cover WebSockets, so the check is made before every upgrade and every
 * stream: exact origins only, nothing reflected. Programs send no Origin and are let through: the token is what holds
 * them.
 */
import { TickcastError } from "../../feed/error.ts";

/** The origin a request names; undefined when it names none (not a page, or a page's own plain GET). */
export const originOf = (request: Request): string | undefined => request.headers.get("origin") ?? undefined;

/**
 * Whether an origin is that of the very host that was asked: same name and port, whatever scheme a proxy took off.
 */
export function isOwnOrigin(origin: string, request: Request): boolean {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  // Browsers write an origin as scheme://host[:port], lower case and with nothing after it.
  return origin === `http://${host}` || origin === `https://${host}`;
}

/** Whether the page behind a request may have an answer. */
export function isAllowedOrigin(request: Request, allowed: readonly string[] | undefined): boolean {
  const origin = originOf(request);
  return origin === undefined || (allowed ?? []).includes(origin) || isOwnOrigin(origin, request);
}

/**
 * Lets a request in by its origin.
 * @throws {TickcastError} FORBIDDEN; the origin is not echoed
 */
export function checkOrigin(request: Request, allowed: readonly string[] | undefined): void {
  if (isAllowedOrigin(request, allowed)) return;
  throw new TickcastError(
    "FORBIDDEN",
    "Cannot let this page in as its origin is not the service's own and not in ALLOWED_ORIGINS",
  );
}
