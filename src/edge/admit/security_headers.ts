/**
 * Headers that keep pages and answers to themselves. For HTTP routes only: answers to upgrades can't be changed on
 * every runtime.
 */
import type { MiddlewareHandler } from "hono";

/** Pages load and connect to nothing but their own host, and nobody may frame them. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** On every HTTP answer. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

/** Adds the usual headers, and the policy where the answer is a page. What a route set itself stays. */
export const securityHeaders = (): MiddlewareHandler => async (c, next) => {
  await next();
  const { headers } = c.res;
  const isPage = headers.get("content-type")?.startsWith("text/html") ?? false;
  const wanted = isPage
    ? { ...COMMON_HEADERS, "content-security-policy": CONTENT_SECURITY_POLICY }
    : COMMON_HEADERS;
  for (const [name, value] of Object.entries(wanted)) if (!headers.has(name)) headers.set(name, value);
};
