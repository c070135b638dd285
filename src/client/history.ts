/** Reading back: what the server still holds, by plain requests that a cache may answer. */
import { httpDown, readJson } from "./http_failure.ts";
import { type GapNotice, isEvent, type StreamEvents, type StreamName } from "./message.ts";
import type { Platform } from "./platform.ts";
import { type Answer, readAnswer, tellAnswer } from "./poll_answer.ts";
import type { EventsBatch } from "./subscription.ts";

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

/** Events read back; with `gap` none, but what is told to be missing here. */
export interface HistoryPage<S extends StreamName = StreamName> extends EventsBatch<S> {
  readonly gap?: GapNotice;
}

/**
 * Pages of events from a cursor up to now.
 * @throws {Error} When the server refuses, with its code and message as `cause`.
 */
export async function* history<S extends StreamName>(
  platform: Platform,
  base: string,
  token: string | undefined,
  { stream, symbols, fields, cursor = "earliest", signal }: HistoryRequest<S>,
): AsyncGenerator<HistoryPage<S>, void, undefined> {
  for (let page = 0, at = cursor; page < HISTORY_PAGES_MAX; page++) {
    const query = new URLSearchParams({ cursor: at });
    if (symbols) query.set("symbols", symbols.join(","));
    if (fields) query.set("fields", fields.join(","));
    const route = `${base}/events/${stream}`;
    const response = await platform.fetch(`${route}?${query}`, {
      headers: token ? { authorization: `Bearer ${token}` } : {},
      signal: signal ?? null,
    });
    const json: unknown = response.ok ? await readJson(response) : undefined;
    const answer = readAnswer(stream, json);
    if (!answer) {
      const down = await httpDown(response, route, platform.now());
      throw new Error(`Cannot read ${stream} back: ${down.message}`, { cause: down });
    }
    yield* pagesOf<S>(stream, answer);
    if (!answer.cursor || answer.cursor === at) return;
    at = answer.cursor;
  }
}

/** An answer as pages in its true order. */
function pagesOf<S extends StreamName>(stream: S, answer: Answer): HistoryPage<S>[] {
  const pages: HistoryPage<S>[] = [];
  tellAnswer(stream, answer, {
    onMessage(message) {
      if (message.type === "gap") pages.push({ stream, events: [], gap: message });
      if (message.type !== "events") return;
      // The parse boundary: the events of a stream are that stream's.
      const events = message.events.filter(isEvent) as unknown as StreamEvents[S][];
      if (events.length > 0) pages.push({ stream, events });
    },
  });
  return pages;
}
