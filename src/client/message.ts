/**
 * What the server sends, the same on every transport (`docs/protocol.md`), and the reading of it. Whatever else arrives is
 * dropped and counted: a client survives a server that is newer, broken or hostile.
 */
import type {
  FairValue,
  Heatmap,
  MinuteBar,
  SecondBar,
  Signal,
  Stamped,
  SymbolEvent,
  Trade,
} from "../feed/event.ts";

/** The events of each stream. */
export interface StreamEvents {
  tick: Stamped<Trade> | Stamped<SecondBar>;
  minute: Stamped<MinuteBar>;
  fmv: Stamped<FairValue>;
  signal: Stamped<Signal>;
  heatmap: Stamped<Heatmap>;
}
/** The streams this release knows; a server may have more. */
export type StreamName = keyof StreamEvents;
/** Any event of any stream. */
export type AnyEvent = Stamped<SymbolEvent>;

/** Events that can no longer be had: always told, never silent. */
export interface GapNotice {
  readonly type: "gap";
  readonly stream: string;
  /** Position before the gap. */
  readonly after?: string;
  /** Position after it. */
  readonly before?: string;
  /** How many list positions, or null when nobody can know. */
  readonly lost: number | null;
  /** `evicted`, `epoch`, `slow`, `overflow`, `upstream`; or `local` when this client's own queue was full. */
  readonly cause: string;
  /** The time the loss covers, Unix ms, when known. */
  readonly from?: number;
  readonly to?: number;
  /** Where the stream goes on. */
  readonly cursor?: string;
}

/** One message, read. */
export type ServerMessage =
  | { readonly type: "hello"; readonly edge: string | undefined; readonly heartbeatMs: number | undefined }
  | { readonly type: "subscribed" | "unsubscribed" | "authenticated"; readonly cursor: string | undefined }
  | {
    readonly type: "snapshot";
    readonly stream: string;
    readonly cursor: string | undefined;
    readonly events: readonly AnyEvent[];
    readonly last: boolean;
  }
  | {
    readonly type: "events";
    readonly stream: string;
    readonly cursor: string | undefined;
    readonly events: readonly AnyEvent[];
  }
  | GapNotice
  | {
    readonly type: "warning";
    readonly code: string;
    readonly message: string;
    readonly cursor: string | undefined;
  }
  | {
    readonly type: "error";
    readonly code: string;
    readonly message: string;
    readonly id: string | undefined;
  }
  | {
    readonly type: "heartbeat" | "pong";
    readonly cursor: string | undefined;
    readonly streams: Readonly<Record<string, string>> | undefined;
    readonly time: number | undefined;
  }
  | { readonly type: "reconnect"; readonly afterMs: number };

/** Longest message read, in characters; the server's own frames are at most 256 KiB. */
export const MESSAGE_MAX_CHARS = 16 * 1024 * 1024;

type Fields = Readonly<Record<string, unknown>>;

/** A string, or nothing. */
export const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined;
const number = (value: unknown): number | undefined => typeof value === "number" ? value : undefined;

/** An object's members; of anything else none. */
const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? value as Fields : {};

/** Whether an element of an `events` array is an event at all: what every event has, whatever else was asked for. */
export function isEvent(value: unknown): value is AnyEvent {
  const { id, type, sym, t } = fieldsOf(value);
  // A gap is told by a message of its own, never by an event.
  return !!(text(id) && text(type) && type !== "gap" && text(sym)) && number(t) !== undefined;
}

/** Those of the named members that are what they must be. */
const kept = (m: Fields, is: (value: unknown) => unknown, names: readonly string[]): Fields =>
  Object.fromEntries(names.filter((name) => is(m[name]) !== undefined).map((name) => [name, m[name]]));

/** A gap, those of its members left out that are not what they must be. */
const toGap = (m: Fields, stream: string, cursor: string | undefined): GapNotice => ({
  cause: "unknown",
  ...kept(m, text, ["after", "before", "cause"]),
  ...kept(m, number, ["from", "to"]),
  type: "gap",
  stream,
  lost: Number.isSafeInteger(m.lost) && Number(m.lost) >= 0 ? Number(m.lost) : null,
  ...(cursor && { cursor }),
});

/** State by stream. */
const streamStates = (value: unknown): Record<string, string> | undefined =>
  value
    ? Object.fromEntries(Object.entries(fieldsOf(value)).filter(([, state]) => text(state))) as Record<
      string,
      string
    >
    : undefined;

/**
 * Makes a message of parsed JSON, every field of the type it must have; undefined when it is none that this release knows.
 * @param id An event stream's `id:`, which stands for the cursor.
 */
export function toMessage(type: string, json: unknown, id?: string): ServerMessage | undefined {
  const m = fieldsOf(json);
  const stream = text(m.stream);
  const cursor = text(m.cursor) ?? id;
  switch (type) {
    case "hello":
      return { type, edge: text(m.edge), heartbeatMs: number(m.heartbeat_ms) };
    case "authenticated":
    case "subscribed":
    case "unsubscribed":
      return { type, cursor };
    case "events":
    case "snapshot":
      if (stream === undefined || !Array.isArray(m.events)) return undefined;
      return type === "events"
        ? { type, stream, cursor, events: m.events }
        : { type, stream, cursor, events: m.events, last: m.last !== false };
    case "gap":
      return stream === undefined ? undefined : toGap(m, stream, cursor);
    case "warning":
      return { type, code: text(m.code) ?? "UNKNOWN", message: text(m.message) ?? "", cursor };
    case "error":
      return { type, code: text(m.code) ?? "UNKNOWN", message: text(m.message) ?? "", id: text(m.id) };
    case "heartbeat":
    case "pong":
      return { type, cursor, streams: streamStates(m.streams), time: number(m.time) };
    case "reconnect":
      return { type, afterMs: Math.max(0, number(m.after_ms) ?? 0) };
  }
  return undefined;
}

/** Reads one WebSocket message; undefined when it is garbage or of a kind that this release does not know. */
export function readMessage(data: unknown): ServerMessage | undefined {
  if (typeof data !== "string" || data.length > MESSAGE_MAX_CHARS) return undefined;
  try {
    const parsed: unknown = JSON.parse(data);
    return toMessage(text(fieldsOf(parsed).type) ?? "", parsed);
  } catch {
    return undefined;
  }
}
