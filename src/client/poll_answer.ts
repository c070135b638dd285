/** A poll's answer: read, and handed over in its true order. */
import { isUpTo } from "./cursor_book.ts";
import type { LinkHandlers } from "./link.ts";
import { type AnyEvent, type GapNotice, isEvent, text, toMessage } from "./message.ts";

/** What a poll or a snapshot is answered with. */
export interface Answer {
  readonly cursor: string;
  readonly events: readonly AnyEvent[];
  readonly gap: GapNotice | undefined;
}

/** Reads an answer's JSON; undefined when it is none of this service's. */
export function readAnswer(stream: string, json: unknown): Answer | undefined {
  const { cursor, events, gap } = Object(json);
  if (text(cursor) === undefined || !Array.isArray(events)) return undefined;
  const notice = gap && toMessage("gap", { ...Object(gap), stream });
  return { cursor, events, gap: notice?.type === "gap" ? notice : undefined };
}

/** Hands over what an answer holds in its true order: what came before the gap, the gap, the rest. */
export function tellAnswer(
  stream: string,
  { cursor, events, gap }: Answer,
  handlers: Pick<LinkHandlers, "onMessage">,
): void {
  const tell = (part: readonly AnyEvent[], at?: string) =>
    handlers.onMessage({ type: "events", stream, cursor: at, events: part });
  if (!gap) return tell(events, cursor);
  const { after = "" } = gap;
  const before = events.filter((event) => isEvent(event) && isUpTo(event.id, after));
  if (before.length > 0) tell(before);
  handlers.onMessage(gap);
  tell(events.slice(before.length), cursor);
}
