/**
 * What the client needs of its surroundings. Browsers and Deno have all of it; tests hand in their own, so that hours of
 * reconnecting pass in no time and sockets do what the test says.
 */

/** The part of the browser's WebSocket that is used. */
export interface SocketLike {
  onopen: ((event: unknown) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  /** Sends a message; in vain once it is closing. */
  send(text: string): void;
  /** Closes it in order. */
  close(code?: number, reason?: string): void;
}

/** `new WebSocket(url, protocols)`. */
export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

/** The page the client lives in: its visibility, its network and its coming and going. */
export interface PageLike {
  /** `visibilitychange`, `freeze` and `resume` come from here. */
  readonly document: EventTarget;
  /** `online`, `offline`, `pagehide` and `pageshow` come from here. */
  readonly window: EventTarget;
  /** Whether nobody can see it. */
  isHidden(): boolean;
  /** Whether the machine has a network, as far as it knows. */
  isOnline(): boolean;
}

/** Everything outside the client. */
export interface Platform {
  /** Undefined where there is none: the client then starts with server-sent events. */
  readonly WebSocket: SocketConstructor | undefined;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Unix ms. The wall clock on purpose: monotonic time stands still while a laptop sleeps. */
  readonly now: () => number;
  /** Calls `fn` once after `ms`; what comes back cancels it. */
  readonly timer: (ms: number, fn: () => void) => () => void;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Undefined outside a page. */
  readonly page: PageLike | undefined;
}

/** Longest wait a timer holds: with more it would ring at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

function browserPage(): PageLike | undefined {
  const { document, navigator } = globalThis as {
    document?: EventTarget & { readonly hidden: boolean };
    navigator?: { readonly onLine?: boolean };
  };
  if (!document) return undefined;
  return {
    document,
    window: globalThis,
    isHidden: () => document.hidden,
    isOnline: () => navigator?.onLine !== false,
  };
}

/** The surroundings of this script, with what the caller replaces. */
export function platformWith(over: Partial<Platform> = {}): Platform {
  return {
    WebSocket: globalThis.WebSocket as SocketConstructor | undefined,
    fetch: (url, init) => globalThis.fetch(url, init),
    now: () => Date.now(),
    timer: (ms, fn) => {
      const id = setTimeout(fn, Math.min(ms, TIMER_MAX_MS));
      return () => clearTimeout(id);
    },
    random: () => Math.random(),
    page: browserPage(),
    ...over,
  };
}
