/** What a client can be told at the start, with its defaults. */
import { BACKOFF_CAP_MS } from "./backoff.ts";
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

/** Default and least value of each number. */
const NUMBERS = {
  maxAttempts: [5, 0],
  backoffCapMs: [BACKOFF_CAP_MS, 1],
  pingIntervalMs: [30_000, 1],
  pollIntervalMs: [1_000, 1],
  upgradeIntervalMs: [30_000, 1],
  pauseHiddenAfterMs: [0, 0],
} as const;

const refuse = (what: string, value: unknown): never => {
  throw new TypeError(`Cannot connect as ${what}: current value is ${value}`);
};

/**
 * The numbers among the options, those left out at their defaults.
 * @throws {TypeError} When one is none, or too small.
 */
export function numbersOf(options: TickcastOptions): Record<keyof typeof NUMBERS, number> {
  const read = (name: keyof typeof NUMBERS): number => {
    const [usual, least] = NUMBERS[name];
    const value = options[name] ?? usual;
    return value >= least ? value : refuse(`${name} must be ${least} or more`, value);
  };
  const names = Object.keys(NUMBERS) as (keyof typeof NUMBERS)[];
  return Object.fromEntries(names.map((name) => [name, read(name)])) as ReturnType<typeof numbersOf>;
}

/**
 * Servers' addresses in the form links use: `http(s)://host[:port][/prefix]` without a slash at the end.
 * @throws {TypeError} When there is none, or one is no http(s) or ws(s) address or holds a password (that belongs into `token`).
 */
export function basesOf(address: string | readonly string[]): readonly string[] {
  const bases = [address].flat().map(baseOf);
  return bases.length > 0 ? bases : refuse("there is no address", "[]");
}

function baseOf(address: string): string {
  const url = URL.parse(address, globalThis.location?.href);
  const protocol = url?.protocol.replace(/^ws/, "http");
  if (!url || (protocol !== "http:" && protocol !== "https:") || url.username || url.password) {
    const shown = JSON.stringify(String(address).replace(/\/\/[^/]*@/, "//***@").slice(0, 200));
    return refuse("an address must be like https://host, without a password", shown);
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
  const usable = asked.filter((transport) => transport !== "websocket" || platform.WebSocket);
  return usable.length > 0 && asked.every((transport) => TRANSPORTS.includes(transport))
    ? usable
    : refuse(`transports must be some of ${TRANSPORTS}`, asked);
}
