/** Where the token comes from and when it must be renewed. */
import { loadFallbacks } from "./lazy_link.ts";
import type { Platform } from "./platform.ts";
import { TOKEN_TIMEOUT_MS } from "./timing.ts";

/** A token, or what gets one: called anew whenever a fresh one is needed. */
export type TokenSource = string | (() => string | Promise<string>);

/** A JWT is renewed this long before it expires. */
export const RENEW_BEFORE_MS = 30_000;
/** Never more often than this, whatever the token says. */
export const RENEW_MIN_MS = 5_000;

/** Holds the source, gives tokens, and calls when a renewal is due. */
export class TokenKeeper {
  #cancel = () => {};
  #watch = 0;

  constructor(readonly source: TokenSource | undefined, readonly platform: Platform) {}

  /** Whether a refused token can be replaced by another. */
  get canRenew(): boolean {
    return typeof this.source === "function";
  }

  /** A token for a new connection; undefined when the source failed or took too long. */
  async get(): Promise<{ readonly value: string | undefined } | undefined> {
    const { source } = this;
    if (typeof source !== "function") return { value: source };
    const late = Promise.withResolvers<undefined>();
    const cancel = this.platform.timer(TOKEN_TIMEOUT_MS, () => late.resolve(undefined));
    try {
      return await Promise.race([late.promise, (async () => ({ value: await source() }))()]);
    } catch {
      return undefined;
    } finally {
      cancel();
    }
  }

  /** Calls `renew` shortly before `token` expires, if it can be renewed and says when. */
  watch(token: string | undefined, renew: () => void): void {
    this.stop();
    if (token === undefined || !this.canRenew) return;
    const watch = this.#watch;
    void loadFallbacks().then(({ expiryOf }) => {
      const expiry = expiryOf(token);
      if (expiry === undefined || watch !== this.#watch) return;
      const inMs = Math.max(RENEW_MIN_MS, expiry - RENEW_BEFORE_MS - this.platform.now());
      this.#cancel = this.platform.timer(inMs, renew);
    }, () => {});
  }

  stop(): void {
    this.#watch++;
    this.#cancel();
  }
}
