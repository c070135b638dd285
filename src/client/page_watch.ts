/** A page's coming and going, as the connection must know it. */
import type { Platform } from "./platform.ts";

/** What happens to a page. */
export interface PageEvents {
  /** Visible again, thawed, or the network came back: waits are pointless, open connections doubtful. */
  onWake(): void;
  /** About to be frozen or unloaded: a connection left open would keep it out of the back/forward cache. */
  onLeave(): void;
  /** Back from the back/forward cache. */
  onReturn(): void;
  /** Hidden for as long as was asked. */
  onHiddenLong(): void;
}

/** Watches until aborted. Does nothing outside a page. */
export function watchPage(
  platform: Platform,
  pauseHiddenAfterMs: number,
  events: PageEvents,
  signal: AbortSignal,
): void {
  const { page } = platform;
  if (!page) return;
  let cancelHidden = () => {};
  const on = (target: EventTarget, type: string, fn: () => void) =>
    target.addEventListener(type, fn, { signal });
  on(page.document, "visibilitychange", () => {
    cancelHidden();
    if (!page.isHidden()) events.onWake();
    else if (pauseHiddenAfterMs > 0) cancelHidden = platform.timer(pauseHiddenAfterMs, events.onHiddenLong);
  });
  on(page.document, "freeze", events.onLeave);
  on(page.document, "resume", events.onReturn);
  on(page.window, "pagehide", events.onLeave);
  on(page.window, "pageshow", events.onReturn);
  on(page.window, "online", events.onWake);
  on(page.window, "offline", events.onWake);
  signal.addEventListener("abort", () => cancelHidden(), { once: true });
}
