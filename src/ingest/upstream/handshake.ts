/**
 * The first words on a socket: the upstream says `connected`, we send the key, it says `auth_success` or why not.
 * A pure machine: facts in, advice out; no socket, no timer (massive-websocket notes §2).
 *
 * The key is sent without `connected` too when that is slow: the upstream handles messages in order, and its own timer for
 * our authentication may be running already.
 */
import type { StatusMessage } from "../wire/frame.ts";
import { type Refusal, refusalOf, refusalOfStatus } from "./refusal.ts";

/** The key is sent this long after opening even when the upstream has not greeted yet. */
export const GREETING_PATIENCE_MS = 3_000;
/** From opening to `auth_success`, at most; third-party clients use the same (10 s). */
export const HANDSHAKE_LIMIT_MS = 10_000;

/** What the machine wants done. */
export type HandshakeStep =
  | { readonly do: "wait" }
  | { readonly do: "send_auth" }
  | { readonly do: "ready" }
  | { readonly do: "fail"; readonly refusal: Refusal };

const WAIT: HandshakeStep = { do: "wait" };

/** The message that authenticates. */
export const authMessage = (apiKey: string): string => JSON.stringify({ action: "auth", params: apiKey });

/** One socket's handshake. Times are monotonic ms. */
export class Handshake {
  readonly #openedAt: number;
  #greeted = false;
  #authSent = false;
  #done = false;

  constructor(openedAt: number) {
    this.#openedAt = openedAt;
  }

  /** True once the key was accepted. */
  get done(): boolean {
    return this.#done;
  }

  /** A status element came in. After {@link done} it is somebody else's to read. */
  status(message: StatusMessage): HandshakeStep {
    if (this.#done) return WAIT;
    if (message.status === "connected") {
      this.#greeted = true;
      return this.#sendAuth();
    }
    // `success`/`authenticated` is how the service answered in 2019; some proxies of it still do.
    const accepted = message.status === "auth_success" ||
      (message.status === "success" && /^authenticated/i.test(message.message));
    if (accepted && this.#authSent) {
      this.#done = true;
      return { do: "ready" };
    }
    const refusal = refusalOfStatus(message.status, message.message);
    // A status of no known name is not a reason to give up: the time limit decides.
    if (refusal === undefined || refusal.kind === "unknown_status") return WAIT;
    return { do: "fail", refusal };
  }

  /** Time passes; to be asked a few times a second. */
  tick(now: number): HandshakeStep {
    if (this.#done) return WAIT;
    const waitedMs = now - this.#openedAt;
    if (waitedMs >= HANDSHAKE_LIMIT_MS) {
      return { do: "fail", refusal: refusalOf(this.#greeted ? "auth_silence" : "no_greeting") };
    }
    return waitedMs >= GREETING_PATIENCE_MS ? this.#sendAuth() : WAIT;
  }

  #sendAuth(): HandshakeStep {
    if (this.#authSent) return WAIT;
    this.#authSent = true;
    return { do: "send_auth" };
  }
}
