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
  | { readonly type: "subscribed" | "unsubscribed"; readonly cursor: string | undefined }
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

const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined;
const number = (value: unknown): number | undefined => typeof value === "number" ? value : undefined;

/** Whether an element of an `events` array is an event at all. */
export const isEvent = (value: unknown): value is AnyEvent =>
  typeof value === "object" && value !== null && "id" in value && typeof value.id === "string" &&
  "type" in value && typeof value.type === "string" && "sym" in value && typeof value.sym === "string";

/** State by stream. */
const streamStates = (value: unknown): Record<string, string> | undefined =>
  value ? Object.fromEntries(Object.entries(value).filter(([, state]) => text(state))) : undefined;

/** Makes a message of parsed JSON; undefined when it is none that this release knows. */
export function toMessage(type: string, m: Fields): ServerMessage | undefined {
  const stream = text(m.stream);
  const cursor = text(m.cursor);
  switch (type) {
    case "hello":
      return { type, edge: text(m.edge), heartbeatMs: number(m.heartbeat_ms) };
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
      return stream === undefined
        ? undefined
        : { ...m, type, stream, lost: number(m.lost) ?? null, cause: text(m.cause) ?? "unknown" };
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
    const type = text((parsed as Fields | null)?.type);
    return type === undefined ? undefined : toMessage(type, parsed as Fields);
  } catch {
    return undefined;
  }
}
