/** Where the token comes from and when it must be renewed. */
import type { Platform } from "./platform.ts";

/** A token, or what gets one: called anew whenever a fresh one is needed. */
export type TokenSource = string | (() => string | Promise<string>);

/** A JWT is renewed this long before it expires. */
export const RENEW_BEFORE_MS = 30_000;
/** Never more often than this, whatever the token says. */
export const RENEW_MIN_MS = 5_000;
/** Longest wait that a timer can hold. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** When a JWT expires, Unix ms; undefined when the token is none or doesn't say. */
export function expiryOf(token: string): number | undefined {
  try {
    const payload = token.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? "";
    const { exp } = JSON.parse(atob(payload));
    return typeof exp === "number" ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

/** Holds the source, gives tokens, and calls when a renewal is due. */
export class TokenKeeper {
  #cancel = () => {};

  constructor(readonly source: TokenSource | undefined, readonly platform: Platform) {}

  /** Whether a refused token can be replaced by another. */
  get canRenew(): boolean {
    return typeof this.source === "function";
  }

  /** A token for a new connection; undefined when the source failed. */
  async get(): Promise<{ readonly value: string | undefined } | undefined> {
    try {
      return { value: typeof this.source === "function" ? await this.source() : this.source };
    } catch {
      return undefined;
    }
  }

  /** Calls `renew` shortly before `token` expires, if it can be renewed and says when. */
  watch(token: string | undefined, renew: () => void): void {
    this.#cancel();
    const expiry = token === undefined || !this.canRenew ? undefined : expiryOf(token);
    if (expiry === undefined) return;
    const inMs = Math.max(RENEW_MIN_MS, expiry - RENEW_BEFORE_MS - this.platform.now());
    this.#cancel = this.platform.timer(Math.min(inMs, TIMER_MAX_MS), renew);
  }

  stop(): void {
    this.#cancel();
  }
}
