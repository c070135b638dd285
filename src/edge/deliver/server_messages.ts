/**
 * Everything the server says but events and the gaps within them: the same JSON on WebSocket and, as `data:`, on SSE
 * (`docs/protocol.md`). A message is its type and its JSON text; transports only wrap it.
 */
import type { ErrorCode } from "../../feed/error.ts";
import type { StreamState } from "../../feed/health.ts";
import type { RequestId } from "./client_commands.ts";
import type { HeldSubscription } from "./held_subscription.ts";

/** The subprotocol's name. */
export const PROTOCOL = "tickcast.v1";
/** How often a client hears from us when nothing else is said. */
export const HEARTBEAT_MS = 15_000;

/** How soon a client closed for being slow may come back. */
export const SLOW_RETRY_MS = 1_000;

/** One message. */
export interface ServerMessage {
  readonly type: string;
  readonly json: string;
  /** The whole cursor after it, where it moves one. */
  readonly cursor: string | undefined;
}

const message = (type: string, body: Readonly<Record<string, unknown>>, cursor?: string): ServerMessage => ({
  type,
  json: JSON.stringify({ type, ...body }),
  cursor,
});

/** First of all. */
export const hello = (streams: readonly string[], edge: string): ServerMessage =>
  message("hello", { protocol: PROTOCOL, streams, heartbeat_ms: HEARTBEAT_MS, edge });

/** What holds now, and where the client stands. */
export const subscribed = (
  type: "subscribed" | "unsubscribed",
  held: readonly HeldSubscription[],
  cursor: string,
  id: RequestId | undefined,
): ServerMessage =>
  message(type, {
    id,
    cursor,
    streams: held.map(({ stream }) => stream),
    subscriptions: held,
  }, cursor);

/** A part of a snapshot; `events` is a JSON array as text. */
export function snapshotPart(
  stream: string,
  streamCursor: string,
  events: string,
  last: boolean,
): ServerMessage {
  const json =
    `{"type":"snapshot","stream":"${stream}","cursor":"${streamCursor}","last":${last},"events":${events}}`;
  return { type: "snapshot", json, cursor: undefined };
}

/** Something missing outside the log's own order. `members` as {@link "./selection.ts"} writes them. */
export const gap = (members: string, streamCursor: string, cursor: string): ServerMessage => ({
  type: "gap",
  json: `{"type":"gap",${members},"cursor":"${streamCursor}"}`,
  cursor,
});

/** Something was done to this client, or it should know something. */
export const warning = (code: string, text: string, cursor?: string): ServerMessage =>
  message("warning", { code, message: text, cursor }, cursor);

/** A request was refused; everything else goes on. */
export const fault = (code: ErrorCode, text: string, id: RequestId | undefined): ServerMessage =>
  message("error", { code, message: text, id });

/** Liveness, position, and how fresh the streams are. */
export const heartbeat = (
  cursor: string,
  streams: Readonly<Record<string, StreamState>>,
  nowMs: number,
): ServerMessage => message("heartbeat", { cursor, streams, time: nowMs }, cursor);

/** The answer to a ping; `lag` is how many list positions behind the client's own cursor is, where it sent one. */
export const pong = (
  cursor: string,
  streams: Readonly<Record<string, StreamState>>,
  nowMs: number,
  id: RequestId | undefined,
  lag: number | null | undefined,
): ServerMessage => message("pong", { id, cursor, streams, time: nowMs, lag });

/** This instance goes away: come back after so long, anywhere. */
export const reconnect = (afterMs: number, cursor: string): ServerMessage =>
  message("reconnect", { after_ms: Math.round(afterMs), cursor }, cursor);

/** A token was taken: from now on its rights hold. */
export const authenticated = (expiresAtMs: number | undefined, id: RequestId | undefined): ServerMessage =>
  message("authenticated", { id, expires_at: expiresAtMs ?? null });
