/** What a client can be told at the start, with its defaults. */
import type { ClientError } from "./failure.ts";
import type { OpenLink, Transport } from "./link.ts";
import { TRANSPORTS } from "./link.ts";
import type { Platform } from "./platform.ts";
import type { Status } from "./status.ts";
import type { SubscriptionHandlers } from "./subscription.ts";
import type { TokenSource } from "./token_keeper.ts";

/** All optional. */
export interface TickcastOptions extends SubscriptionHandlers {
  /** A token, or a function that gets one; the function is called for every connection and before a JWT expires. */
  readonly token?: TokenSource;
  /** Which transports may be used, best first. Default: `websocket`, `sse`, `poll`. */
  readonly transports?: readonly Transport[];
  /** Tries to come back before giving up. Default 5; `Infinity` never gives up. */
  readonly maxAttempts?: number;
  /** Longest wait between two tries. Default 30 000. */
  readonly backoffCapMs?: number;
  /** Default 30 000. */
  readonly pingIntervalMs?: number;
  /** Time between two polls where they can't wait. Default 1 000. */
  readonly pollIntervalMs?: number;
  /** While on a lesser transport, how soon a better one is tried. Default 30 000, doubling while it fails. */
  readonly upgradeIntervalMs?: number;
  /** Disconnect after the page has been hidden so long, go on at the cursor when it shows. Default 0: never. */
  readonly pauseHiddenAfterMs?: number;
  /** Where to go on: a `client.cursor` kept from before. */
  readonly cursor?: string;
  /** `shareTabs("name")` of `client_share.js`: tabs of one origin use one connection. Default: each its own. */
  readonly share?: (open: OpenLink) => OpenLink;
  readonly onError?: (error: ClientError) => void;
  readonly onStatusChange?: (status: Status) => void;
  /** State of each stream as the server last told: `live`, `quiet`, `stale`, `down`, `closed`, `off`. */
  readonly onStreamStates?: (states: Readonly<Record<string, string>>) => void;
  /** For tests: what stands in for the browser. */
  readonly platform?: Partial<Platform>;
}

/**
 * A server's address in the form links use: `http(s)://host[:port][/prefix]` without a slash at the end.
 * @throws {TypeError} When it is no http(s) or ws(s) address, or holds a password (that belongs into `token`).
 */
export function baseOf(address: string): string {
  const url = URL.parse(address, globalThis.location?.href);
  const protocol = url?.protocol.replace(/^ws/, "http");
  if (!url || (protocol !== "http:" && protocol !== "https:") || url.username || url.password) {
    throw new TypeError(
      `Cannot connect as the address must be like https://host, without a password: current value is ${
        JSON.stringify(address.replace(/\/\/[^/]*@/, "//***@").slice(0, 200))
      }`,
    );
  }
  return `${protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}`;
}

/**
 * The transports to use, those left out that the platform has not.
 * @throws {TypeError} When one is unknown or none is left.
 */
export function usableTransports(
  asked: readonly Transport[] = TRANSPORTS,
  platform: Platform,
): readonly Transport[] {
  const unknown = asked.find((transport) => !TRANSPORTS.includes(transport));
  const usable = asked.filter((transport) => transport !== "websocket" || platform.WebSocket);
  if (unknown !== undefined || usable.length === 0) {
    throw new TypeError(
      `Cannot connect as transports must be some of ${TRANSPORTS}: current value is ${asked}`,
    );
  }
  return usable;
}
