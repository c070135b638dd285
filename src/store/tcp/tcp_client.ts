/**
 * One connection of node-redis, used once: it never reconnects by itself, never queues while offline and never repeats a
 * command (`reconnectStrategy: false`, `disableOfflineQueue`). Living on is `tcp_connection.ts`'s work, by our own clock.
 */
import { createClient, ErrorReply } from "redis";
import type { Clock } from "../../feed/clock.ts";
import { RedisReplyError } from "../store_failure.ts";
import { within } from "../../feed/time_limit.ts";

/** How long connecting may take, from the name's resolution to the end of the handshake, in ms. */
export const CONNECT_TIME_LIMIT_MS = 5000;
/** Calls that may wait on one connection; further ones are refused at once. */
export const CALLS_IN_FLIGHT_MAX = 1000;

const makeClient = (url: string) =>
  createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    commandsQueueMaxLength: CALLS_IN_FLIGHT_MAX,
    socket: { connectTimeout: CONNECT_TIME_LIMIT_MS, reconnectStrategy: false },
  });

/** node-redis's client as we make it. */
export type TcpClient = ReturnType<typeof makeClient>;

/** A connection that was established. Its owner destroys the client. */
export interface LiveClient {
  readonly client: TcpClient;
  /** Resolves, with the error, once the connection is gone. */
  readonly lost: Promise<unknown>;
}

/**
 * Connects and authenticates.
 * @throws {RedisReplyError} Redis refused us; a time limit's error; the signal's reason; or whatever the network did.
 */
export async function connectClient(url: string, clock: Clock, signal: AbortSignal): Promise<LiveClient> {
  const client = makeClient(url);
  const lost = Promise.withResolvers<unknown>();
  client.on("error", lost.resolve);
  client.on("end", () => lost.resolve(new Error("the connection ended")));
  const connecting = client.connect();
  try {
    await within({ clock, limitMs: CONNECT_TIME_LIMIT_MS, signal }, () => connecting);
    return { client, lost: lost.promise };
  } catch (error) {
    // A socket that is still being made escapes destroy(): it is caught when it comes up.
    connecting.then(() => client.destroy(), () => {});
    client.destroy();
    throw asReplyError(error);
  }
}

/** Error replies of Redis as this room's own; anything else as it is. */
export const asReplyError = (error: unknown): unknown =>
  error instanceof ErrorReply ? new RedisReplyError(error.message) : error;
