/** A request to follow streams, from wherever it came: a message, a socket's URL, an event stream's. */
import { maySeeStream, type Principal } from "../admit/principal.ts";
import type { RequestId, SubscribeCommand } from "./client_commands.ts";
import type { ShapeAsk } from "./subscription_ask.ts";

/** A request that is whole: what to follow and how. */
export interface SubscriptionRequest {
  readonly id: RequestId | undefined;
  readonly streams: readonly string[];
  /** Undefined: all, or, of a stream already held, no others. */
  readonly symbols: readonly string[] | undefined;
  readonly cursor: string | undefined;
  readonly shape: ShapeAsk;
  /** Instead of `shape` for streams that are not followed yet, where that is another. */
  readonly firstShape?: ShapeAsk;
  readonly snapshot: boolean;
}

/** The request in a `subscribe` message; `streams` are those of the URL where it names none. */
export const requestOf = (command: SubscribeCommand, streams: readonly string[]): SubscriptionRequest => ({
  id: command.id,
  streams: command.streams ?? streams,
  symbols: command.symbols,
  cursor: command.cursor,
  shape: { mode: command.mode, maxHz: command.max_hz, fields: command.fields },
  snapshot: command.snapshot ?? false,
});

/**
 * A request that named no stream and so means all, as far as a principal may have them. The same where it may have none, to be
 * refused like any other.
 */
export function withinStreams(request: SubscriptionRequest, principal: Principal): SubscriptionRequest {
  const streams = request.streams.filter((stream) => maySeeStream(principal, stream));
  return streams.length === 0 || streams.length === request.streams.length
    ? request
    : { ...request, streams };
}
