/** Why a WebSocket could not be opened: a browser doesn't say, so ask. */
import type { Down } from "./failure.ts";
import { httpDown, unreachable } from "./http_failure.ts";
import { headersOf, type LinkContext } from "./link.ts";

/** How long the plain request may take that asks why an upgrade failed. */
export const EXPLAIN_TIMEOUT_MS = 5_000;

const blocked = (why: string): Down => ({
  then: "retry",
  code: "BLOCKED",
  message: `The server offers WebSocket but it could not be opened: ${why}`,
});

/**
 * A plain `GET /ws` answers 426 where WebSocket is served (the failure was on the way), 503 where it is switched off or
 * full.
 */
export async function explain(context: LinkContext): Promise<Down> {
  const { base, platform } = context;
  const route = `${base}/ws`;
  const abort = new AbortController();
  const cancel = platform.timer(EXPLAIN_TIMEOUT_MS, () => abort.abort());
  try {
    const response = await platform.fetch(route, {
      headers: headersOf(context, "application/json"),
      signal: abort.signal,
      cache: "no-store",
    });
    const down = await httpDown(response, route, platform.now());
    if (response.status === 426) {
      const { redirected, url } = response;
      return blocked(redirected ? `give the address that ${url} has` : "a proxy may block it");
    }
    return response.status === 503 ? { ...down, then: "fallback" } : down;
  } catch {
    return unreachable(route);
  } finally {
    cancel();
  }
}
