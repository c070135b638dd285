/** Reading back: what the server still holds, by plain requests that a cache may answer. */
import { httpDown } from "./failure.ts";
import type { StreamEvents, StreamName } from "./message.ts";
import type { Platform } from "./platform.ts";
import type { EventsBatch } from "./subscription.ts";
import type { TokenKeeper } from "./token_keeper.ts";

/** Requests one reading makes at most. */
export const HISTORY_PAGES_MAX = 200;

/** What to read. */
export interface HistoryRequest<S extends StreamName = StreamName> {
  readonly stream: S;
  readonly symbols?: readonly string[];
  readonly fields?: readonly string[];
  /** Default `earliest`: the oldest event still held. */
  readonly cursor?: string;
  readonly signal?: AbortSignal;
}

/**
 * Pages of events from a cursor up to now.
 * @throws {Error} When the server refuses, with its code and message as `cause`.
 */
export async function* history<S extends StreamName>(
  platform: Platform,
  base: string,
  tokens: TokenKeeper,
  { stream, symbols, fields, cursor = "earliest", signal }: HistoryRequest<S>,
): AsyncGenerator<EventsBatch<S>, void, undefined> {
  const token = (await tokens.get())?.value;
  for (let page = 0, at = cursor; page < HISTORY_PAGES_MAX; page++) {
    const query = new URLSearchParams({ cursor: at });
    if (symbols) query.set("symbols", symbols.join(","));
    if (fields) query.set("fields", fields.join(","));
    const route = `${base}/events/${stream}`;
    const response = await platform.fetch(`${route}?${query}`, {
      headers: token ? { authorization: `Bearer ${token}` } : {},
      signal: signal ?? null,
    });
    if (!response.ok) {
      const down = await httpDown(response, route);
      throw new Error(`Cannot read ${stream} back: ${down.message}`, { cause: down });
    }
    const answer: { cursor?: string; events?: readonly StreamEvents[S][] } = await response.json();
    if (answer.events?.length) yield { stream, events: answer.events };
    if (!answer.cursor || answer.cursor === at) return;
    at = answer.cursor;
  }
}
