/**
 * What the lists and `last` remember, read when leading begins: so that what the upstream sends again after a restart or a
 * takeover is a repeat, and a correction of an older bar goes on counting its revisions.
 */
import { FeedEvent, type Stamped } from "../../feed/event.ts";
import type { FeedStore, ListTail } from "../../feed/store.ts";

/** One list as it stands. */
export interface ListMemory {
  readonly tail: ListTail;
  /** Of the list itself, oldest first. */
  readonly events: readonly Stamped[];
  /** The latest per type and symbol that the list itself has forgotten. */
  readonly latest: readonly Stamped[];
  /** Elements that are no events of ours: somebody else wrote them, or another release. */
  readonly unreadable: number;
}

/** Reads one list. Rejects as the store does. */
export async function readListMemory(
  store: FeedStore,
  list: string,
  listCapEvents: number,
  signal: AbortSignal,
): Promise<ListMemory> {
  const [tail, latest] = await Promise.all([
    store.readTail(list, listCapEvents, signal),
    store.readLatest(list, undefined, signal),
  ]);
  const events = readElements(tail.elements);
  const latestEvents = readElements(latest.elements);
  const listed = new Set(events.map((event) => event.id));
  return {
    tail,
    events,
    latest: latestEvents.filter((event) => !listed.has(event.id)),
    unreadable: tail.elements.length - events.length + latest.elements.length - latestEvents.length,
  };
}

function readElements(elements: readonly string[]): Stamped[] {
  return elements.flatMap((element) => {
    const event = readElement(element);
    return event ? [event] : [];
  });
}

function readElement(element: string): Stamped | undefined {
  try {
    const value: unknown = JSON.parse(element);
    if (!FeedEvent.safeParse(value).success) return undefined;
    // Not what zod gives back: that has its own key order, and unequal order is unequal content.
    return value as Stamped;
  } catch {
    return undefined;
  }
}
