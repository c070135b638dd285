/**
 * One-time tickets for `EventSource`, which can't send headers. A ticket is an id and a key: the store holds the
 * token under the id, encrypted with the key, for half a minute, and gives it once. Who reads the store alone learns
 * no token.
 */
import { base64url } from "jose";
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import type { ShelfStore } from "../../feed/store.ts";
import { HolderRates } from "./holder_rates.ts";

/** How long a ticket can be redeemed. */
export const TICKET_TTL_MS = 30_000;
/** Longest token a ticket can stand for: it must fit a cookie afterwards. */
export const TICKET_TOKEN_MAX_CHARS = 3800;
/** How long the store is waited for. */
export const TICKET_STORE_WAIT_MS = 3_000;

/** Tickets one subject is given: a page opens a few streams, and each costs the store a command and half a minute's room. */
export const TICKETS_BURST = 100;
export const TICKETS_PER_SECOND = 10;

const TICKET = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;
const NONCE_BYTES = 12;
const ID_BYTES = 16;
const KEY_BYTES = 32;

const random = (bytes: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(bytes));

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(base64url.decode(text));

const importKey = (key: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);

/** Gives tickets out and takes them back. */
export class TicketDesk {
  readonly #store: ShelfStore;
  readonly #clock: Clock;
  readonly #rates: HolderRates;

  constructor(store: ShelfStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#rates = new HolderRates(TICKETS_BURST, TICKETS_PER_SECOND, clock);
  }

  /**
   * A ticket for a token that was judged good.
   * @param subject of the token
   * @throws {TickcastError} TOO_LARGE when the token won't fit a cookie, RATE_LIMITED, or the store's own
   */
  async issue(token: string, subject: string): Promise<string> {
    if (token.length > TICKET_TOKEN_MAX_CHARS) {
      throw new TickcastError(
        "TOO_LARGE",
        `Cannot give a ticket as its token must have at most ${TICKET_TOKEN_MAX_CHARS} characters: current length is ${token.length}`,
      );
    }
    if (!this.#rates.take(subject)) {
      throw new TickcastError(
        "RATE_LIMITED",
        `Cannot give a ticket as one token may have ${TICKETS_PER_SECOND} a second`,
      );
    }
    const id = base64url.encode(random(ID_BYTES));
    const [key, nonce] = [random(KEY_BYTES), random(NONCE_BYTES)];
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv: nonce },
      await importKey(key),
      new TextEncoder().encode(token),
    );
    const text = `${base64url.encode(nonce)}.${base64url.encode(new Uint8Array(sealed))}`;
    await this.#withLimit((signal) => this.#store.putTicket(id, text, TICKET_TTL_MS, signal));
    return `${id}.${base64url.encode(key)}`;
  }

  /**
   * The token behind a ticket, once.
   * @throws {TickcastError} UNAUTHORIZED for one that is unknown, used, expired or no ticket at all; or the store's
   * own
   */
  async redeem(ticket: string): Promise<string> {
    const [, id, key] = TICKET.exec(ticket) ?? [];
    if (id === undefined || key === undefined) throw noTicket();
    const text = await this.#withLimit((signal) => this.#store.takeTicket(id, signal));
    const [nonce, sealed] = (text ?? "").split(".");
    if (nonce === undefined || sealed === undefined) throw noTicket();
    try {
      const opened = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: bytesOf(nonce) },
        await importKey(bytesOf(key)),
        bytesOf(sealed),
      );
      return new TextDecoder().decode(opened);
    } catch {
      throw noTicket();
    }
  }

  async #withLimit<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const tooLong = new TickcastError(
      "STORE_UNAVAILABLE",
      "Cannot handle tickets as the store does not answer",
    );
    using _timer = this.#clock.timer(TICKET_STORE_WAIT_MS, () => limit.abort(tooLong));
    return await work(limit.signal);
  }
}

const noTicket = () =>
  new TickcastError("UNAUTHORIZED", "Cannot take the ticket as it is unknown, used already or too old");
