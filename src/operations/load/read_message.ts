/**
 * What the server sent, reduced to what is checked: which ids of which list, from when, with which cursor. Edges share one
 * text among all clients of the same subscription, so a text that was read lately is not read again: that is what lets one
 * process check thousands of clients.
 */
import { z } from "zod";
import { type Cursor, parseCursor, parsePosition, type Position } from "../../feed/cursor.ts";
import { FeedEvent } from "../../feed/event.ts";

/** Consecutive events of one list and epoch in one message. */
export interface Run {
  readonly list: string;
  readonly epoch: string;
  /** Rising or not, as they came. */
  readonly seqs: readonly number[];
  readonly symbols: readonly string[];
  /** Each one follows the one before without a hole. */
  readonly isDense: boolean;
}

/** One message, whatever the transport. */
export type ReadMessage =
  | {
    readonly kind: "events";
    readonly cursor: Cursor;
    readonly runs: readonly Run[];
    readonly count: number;
    /** When ingest received the oldest and the newest of them, Unix ms. */
    readonly oldestRx: number;
    readonly newestRx: number;
  }
  | {
    readonly kind: "gap";
    readonly list: string;
    readonly after: Position;
    readonly before: Position;
    readonly lost: number | null;
    readonly cause: string;
    readonly cursor: Cursor;
  }
  | { readonly kind: "snapshot"; readonly isLast: boolean; readonly count: number }
  /** Says where the client stands and nothing that has to be checked otherwise. */
  | { readonly kind: "cursor"; readonly type: string; readonly cursor: Cursor }
  /** It is going away, and says when to come back. */
  | { readonly kind: "reconnect"; readonly afterMs: number; readonly cursor: Cursor }
  | { readonly kind: "hello" }
  | { readonly kind: "warning"; readonly code: string; readonly cursor: Cursor }
  | { readonly kind: "error"; readonly code: string }
  | { readonly kind: "other" }
  | { readonly kind: "malformed"; readonly why: string };

const NOWHERE: Cursor = new Map();
/** Messages remembered. */
const REMEMBERED_MESSAGES = 512;
/** Longer texts (snapshots) are not worth remembering, in characters. */
const REMEMBERED_MAX_CHARS = 65_536;
/** Events whose every field is checked; from then on one in {@link CHECKED_EVERY}. */
const CHECKED_FIRST = 5_000;
const CHECKED_EVERY = 20;

const Id = z.string().regex(/^((0|[1-9]\d{0,3})\.)?[0-9a-z]{8}-[1-9]\d*$/);
/** Members every event has; the rest is the event's own schema's business. */
const Stamped = z.looseObject({ id: Id, sym: z.string(), rx: z.number() });
const Text = z.string();
const Message = z.looseObject({
  type: z.string(),
  stream: z.string().optional(),
  cursor: z.string().optional(),
  events: z.array(z.unknown()).optional(),
  last: z.boolean().optional(),
  code: z.string().optional(),
  after_ms: z.number().nonnegative().optional(),
});
const GapMessage = z.looseObject({
  stream: z.string(),
  after: z.string(),
  before: z.string(),
  lost: z.number().int().nonnegative().nullable(),
  cause: z.enum(["evicted", "epoch", "slow", "overflow", "upstream"]),
});

const cursorOf = (text: string | undefined): Cursor => text ? parseCursor(text) : NOWHERE;

/** The list an id is of and the position in it. */
function place(stream: string, id: string): { list: string; position: Position } {
  const dot = id.indexOf(".");
  const list = dot < 0 ? stream : `${stream}.${id.slice(0, dot)}`;
  return { list, position: parsePosition(id.slice(dot + 1)) };
}

/** Reads messages, remembering the latest. */
export class MessageReader {
  #remembered = new Map<string, ReadMessage>();
  #checked = 0;

  /** A WebSocket message, or a poll's answer given a type. */
  read(text: string): ReadMessage {
    return this.#recall(text, () => this.#parse(JSON.parse(text)));
  }

  /** A block of an event stream: its `event:` and `data:`, the cursor apart. */
  readBlock(event: string, data: string): ReadMessage {
    if (!data.startsWith("[")) return this.read(data);
    return this.#recall(
      `${event}:${data}`,
      () => this.#parse({ type: "events", stream: event, events: JSON.parse(data) }),
    );
  }

  /** What was read already (a poll's answer). Not remembered. */
  readValue(value: unknown): ReadMessage {
    try {
      return this.#parse(value);
    } catch (error) {
      return { kind: "malformed", why: reason(error) };
    }
  }

  #recall(text: string, make: () => ReadMessage): ReadMessage {
    const known = this.#remembered.get(text);
    if (known !== undefined) return known;
    let message: ReadMessage;
    try {
      message = make();
    } catch (error) {
      message = { kind: "malformed", why: reason(error) };
    }
    if (text.length <= REMEMBERED_MAX_CHARS) {
      if (this.#remembered.size >= REMEMBERED_MESSAGES) this.#remembered = new Map();
      this.#remembered.set(text, message);
    }
    return message;
  }

  #parse(value: unknown): ReadMessage {
    const message = Message.parse(value);
    switch (message.type) {
      case "events":
        return this.#events(Text.parse(message.stream), message.events ?? [], cursorOf(message.cursor));
      case "gap":
        return gapOf(value, cursorOf(message.cursor));
      case "snapshot":
        for (const event of message.events ?? []) this.#check(event);
        return { kind: "snapshot", isLast: message.last === true, count: message.events?.length ?? 0 };
      case "warning":
        return { kind: "warning", code: message.code ?? "", cursor: cursorOf(message.cursor) };
      case "error":
        return { kind: "error", code: message.code ?? "" };
      case "hello":
        return { kind: "hello" };
      case "subscribed":
      case "unsubscribed":
      case "heartbeat":
      case "pong":
        return { kind: "cursor", type: message.type, cursor: cursorOf(message.cursor) };
      case "reconnect":
        return { kind: "reconnect", afterMs: message.after_ms ?? 0, cursor: cursorOf(message.cursor) };
      default:
        return { kind: "other" };
    }
  }

  #events(stream: string, events: readonly unknown[], cursor: Cursor): ReadMessage {
    const runs: { list: string; epoch: string; seqs: number[]; symbols: string[]; isDense: boolean }[] = [];
    let oldestRx = Infinity;
    let newestRx = 0;
    for (const event of events) {
      const { id, sym, rx } = this.#check(event);
      const { list, position } = place(stream, id);
      let run = runs.at(-1);
      if (run?.list !== list || run.epoch !== position.epoch) {
        run = { list, epoch: position.epoch, seqs: [], symbols: [], isDense: true };
        runs.push(run);
      }
      run.isDense &&= run.seqs.length === 0 || position.seq === (run.seqs.at(-1) ?? 0) + 1;
      run.seqs.push(position.seq);
      run.symbols.push(sym);
      if (rx < oldestRx) oldestRx = rx;
      if (rx > newestRx) newestRx = rx;
    }
    return { kind: "events", cursor, runs, count: events.length, oldestRx, newestRx };
  }

  /** @throws when a member is missing or has the wrong type */
  #check(event: unknown): z.infer<typeof Stamped> {
    if (this.#checked++ < CHECKED_FIRST || this.#checked % CHECKED_EVERY === 0) FeedEvent.parse(event);
    return Stamped.parse(event);
  }
}

function gapOf(value: unknown, cursor: Cursor): ReadMessage {
  const { stream, after, before, lost, cause } = GapMessage.parse(value);
  const { list, position } = place(stream, after);
  return { kind: "gap", list, after: position, before: place(stream, before).position, lost, cause, cursor };
}

function reason(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [first] = error.issues;
    return `${first?.path.join(".") ?? ""}: ${first?.message ?? ""}`;
  }
  return error instanceof Error ? error.name : "unreadable";
}
